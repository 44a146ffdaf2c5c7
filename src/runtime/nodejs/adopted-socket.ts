/**
 * An accepted socket that reads into a buffer of ours instead of allocating one for every read.
 *
 * net.Socket's documented `onread` option does this, but net.Server does not pass it on to the sockets it
 * accepts, and it cannot be set later. So we take the accepted socket's `_handle` (the native TCP stream) and
 * give it to a Socket of our own making. This is the only file that touches the underscored field; where a
 * Node.js release has no such field or it looks unfamiliar, the caller goes on with the accepted socket and
 * its 'data' events: slower by an allocation per read, otherwise the same.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";

interface NativeStream {
  readStart(): unknown;
  useUserBuffer(buffer: Uint8Array): unknown;
}

/** Undefined if this Node.js does not allow it: `accepted` is then untouched. Else `accepted` is spent. */
export function adoptSocket(accepted: Socket, onread: OnReadOpts): Socket | undefined {
  const native = nativeStreamOf(accepted);
  if (native === undefined) return undefined;
  setNativeStream(accepted, null);
  accepted.destroy(); // an empty shell by now: this only lets its server count one connection less
  const options: SocketConstructorOpts & { handle: NativeStream; onread: OnReadOpts } = {
    handle: native,
    allowHalfOpen: true,
    onread,
  };
  const socket = new Socket(options);
  socket.pause();
  return socket;
}

function nativeStreamOf(socket: Socket): NativeStream | undefined {
  const native: unknown = Reflect.get(socket, "_handle");
  return isNativeStream(native) ? native : undefined;
}

function setNativeStream(socket: Socket, native: NativeStream | null): void {
  Reflect.set(socket, "_handle", native);
}

function isNativeStream(value: unknown): value is NativeStream {
  if (typeof value !== "object" || value === null) return false;
  return ["readStart", "useUserBuffer"].every((name) => typeof Reflect.get(value, name) === "function");
}

/**
 * An accepted socket that reads into a buffer of ours instead of allocating one for every read.
 *
 * net.Socket's documented `onread` option does this, but net.Server does not pass it on to the sockets it
 * accepts, and it cannot be set later. So we take the native stream out of the accepted socket and give it to a Socket
 * of our own making; where that is impossible, the caller goes on with the accepted socket and its 'data' events.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";
import { type NativeStream, takeNativeStream } from "./native-stream.ts";

/** Undefined if this Node.js does not allow it: `accepted` is then untouched. Else `accepted` is spent. */
export function adoptSocket(accepted: Socket, onread: OnReadOpts): Socket | undefined {
  const native = takeNativeStream(accepted);
  if (native === undefined) return undefined;
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

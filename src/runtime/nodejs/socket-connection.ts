/**
 * A Connection over a net.Socket. Hot: one call of `onRead` per readable event and one `write` per turn, with
 * no promise, closure or buffer made on the way.
 *
 * Invariant: `#socket` allows half-open, so the other end's end does not close this one.
 */
import type { Socket } from "node:net";
import type { Connection, ConnectionEvents } from "../runtime.ts";
import { NativeWriter } from "./native-writer.ts";
import type { SocketWriter } from "./socket-writer.ts";
import { StreamWriter } from "./stream-writer.ts";

/** How long `end` waits for the other end to close too. */
const LINGER_MS = 2_000;

export class SocketConnection implements Connection {
  readonly peer: string;
  readonly local: string;
  readonly #socket: Socket;
  readonly #writer: SocketWriter;
  #events: ConnectionEvents | undefined;
  /** `end` or `destroy` was called: nothing more is read or written. */
  #finished = false;
  #paused = false;
  #closed = false;
  #cause: Error | undefined;

  /** Requires: `socket` is connected and paused, and its reader feeds `onRead`. */
  constructor(socket: Socket, nativeWrites: boolean) {
    this.#socket = socket;
    const onDrained = (): void => this.#events?.onDrain();
    const native = nativeWrites ? NativeWriter.of(socket, onDrained) : undefined;
    this.#writer = native ?? new StreamWriter(socket, onDrained);
    this.peer = formatAddress(socket.remoteAddress, socket.remotePort);
    this.local = formatAddress(socket.localAddress, socket.localPort);
    socket.on("resume", () => this.#onResume());
    socket.on("end", () => this.#onEnd());
    socket.on("error", (error) => {
      this.#cause = error; // 'close' follows
    });
    socket.on("close", () => this.#onClose());
  }

  get unsentBytes(): number {
    return this.#closed ? 0 : this.#writer.unsentBytes;
  }

  start(events: ConnectionEvents): void {
    this.#events = events;
    if (this.#closed) process.nextTick(() => events.onClose(this.#cause));
    else if (!this.#paused) this.#socket.resume();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#finished || this.#closed) return true;
    return this.#writer.write(bytes);
  }

  pause(): void {
    if (this.#finished) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#events !== undefined) this.#socket.resume();
  }

  end(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#paused = false;
    this.#socket.once("finish", () => this.#linger());
    this.#socket.end();
    this.#socket.resume(); // the other end's close is seen only by reading
  }

  destroy(): void {
    this.#finished = true;
    this.#socket.destroy();
  }

  /** `bytes[0, length)` was read. */
  onRead(bytes: Uint8Array, length: number): void {
    if (!this.#finished) this.#events?.onBytes(bytes, length);
  }

  // A stream resumes a tick after it was told to, even if it has been paused again meanwhile.
  #onResume(): void {
    if (this.#paused) this.#socket.pause();
  }

  #onEnd(): void {
    if (!this.#finished) this.#events?.onEnd();
  }

  #onClose(): void {
    this.#closed = true;
    this.#events?.onClose(this.#cause);
  }

  // Closing at once would reset the connection if unread bytes have come, and the reset may overtake our last
  // ones. So we read on, discarding, until the other end closes too; not forever, though.
  #linger(): void {
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    timer.unref();
    this.#socket.once("close", () => clearTimeout(timer));
  }
}

/** As Redis writes addresses: "127.0.0.1:6379", "[::1]:6379". */
function formatAddress(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return "unknown:0"; // closed before anybody looked
  const bare = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  return bare.includes(":") ? `[${bare}]:${port}` : `${bare}:${port}`;
}

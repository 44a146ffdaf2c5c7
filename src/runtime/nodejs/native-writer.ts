/**
 * Writes to a socket's native stream. Hot: one system call per write, nothing allocated, unless the operating system
 * does not take everything at once; watched by `bench -- redis`.
 *
 * Invariant: what it cannot write at once the native stream keeps in order, and what comes later waits behind it.
 * Invariant: what was written into a broken connection stays unsent: whoever heeds that stops producing more, before
 * the close is told.
 */
import type { Socket } from "node:net";
import { getSystemErrorName } from "node:util";
import { loadWriteInternals, type NativeStream, nativeStreamOf, type WriteRequest } from "./native-stream.ts";
import type { SocketWriter } from "./socket-writer.ts";

const internals = loadWriteInternals();
const NOTHING = new Uint8Array(0);
const state = internals?.streamBaseState ?? new Int32Array(0);
const lastWasAsync = internals?.kLastWriteWasAsync ?? 0;
/** For the next write of any socket: nearly all of them leave it untouched. */
let spare: WriteRequest | undefined = internals && new internals.WriteWrap();

export class NativeWriter implements SocketWriter {
  unsentBytes = 0;
  readonly #socket: Socket;
  readonly #native: NativeStream;
  readonly #onDrained: () => void;
  #isBroken = false;

  private constructor(socket: Socket, native: NativeStream, onDrained: () => void) {
    this.#socket = socket;
    this.#native = native;
    this.#onDrained = onDrained;
  }

  /** Undefined if this Node.js does not allow it. */
  static of(socket: Socket, onDrained: () => void): NativeWriter | undefined {
    const native = nativeStreamOf(socket);
    if (native === undefined || spare === undefined) return undefined;
    return new NativeWriter(socket, native, onDrained);
  }

  write(bytes: Uint8Array): boolean {
    const request = spare!;
    const error = this.#isBroken ? 0 : this.#native.writeBuffer(request, bytes);
    if (error !== 0) this.#fail(error);
    if (this.#isBroken) {
      this.unsentBytes += bytes.length;
      return false;
    }
    if (state[lastWasAsync] === 0) return true;
    spare = new internals!.WriteWrap();
    this.#await(request, bytes);
    return false;
  }

  #await(request: WriteRequest, bytes: Uint8Array): void {
    const { length } = bytes;
    this.unsentBytes += length;
    request.bytes = bytes;
    request.oncomplete = (status) => {
      forget(request);
      this.#onWritten(status, length);
    };
  }

  #onWritten(status: number, length: number): void {
    if (status < 0) {
      this.#fail(status);
      return;
    }
    this.unsentBytes -= length;
    if (this.unsentBytes === 0) this.#onDrained();
  }

  /** The socket tells of it, unless it is being closed anyway. */
  #fail(error: number): void {
    this.#isBroken = true;
    const code = getSystemErrorName(error);
    this.#socket.destroy(Object.assign(new Error(`write ${code}`), { errno: error, code, syscall: "write" }));
  }
}

/**
 * The request has long been among the old objects: as garbage it would keep all it refers to, megabytes of replies
 * perhaps, until the next full garbage collection.
 */
function forget(request: WriteRequest): void {
  request.bytes = NOTHING;
  request.oncomplete = ignore;
}

function ignore(): void {
  // Nothing waits for it.
}

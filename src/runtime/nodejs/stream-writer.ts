/** Writes by the stream layer of Node.js: the documented way. */
import type { Socket } from "node:net";
import type { SocketWriter } from "./socket-writer.ts";

const EMPTY = new Uint8Array(0);

export class StreamWriter implements SocketWriter {
  readonly #socket: Socket;
  readonly #onDrained: () => void;
  #awaitsDrain = false;

  constructor(socket: Socket, onDrained: () => void) {
    this.#socket = socket;
    this.#onDrained = onDrained;
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): boolean {
    this.#socket.write(bytes);
    if (this.#socket.writableLength === 0) return true;
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true;
      this.#awaitDrain();
    }
    return false;
  }

  // The stream's own 'drain' tells nothing below its high-water mark, so an empty chunk goes behind the rest.
  #awaitDrain(): void {
    this.#socket.write(EMPTY, this.#onWritten);
  }

  readonly #onWritten = (error?: Error | null): void => {
    if (error) return; // 'close' tells
    if (this.#socket.writableLength === 0) {
      this.#awaitsDrain = false;
      this.#onDrained();
    } else if (!this.#socket.writableEnded) {
      this.#awaitDrain();
    }
  };
}

/**
 * Appends to a file in large chunks, while the next chunk is being filled: memory for two, one write in flight.
 */
import type { DiskFile } from "../../../runtime/runtime.ts";

const CHUNK_BYTES = 256 * 1024;

export class FileOutput {
  readonly #file: DiskFile;
  #filling = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
  #spare = new Uint8Array(CHUNK_BYTES);
  #inFlight: Promise<void> | undefined;
  #failure: { readonly cause: unknown } | undefined;
  #writtenBytes = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** All that `write` was given, on disk already or not. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /**
   * Takes the bytes; they are copied before it returns. Await the promise, if there is one, before the next call.
   * Rejects or throws with what a write failed with, this one or an earlier one.
   */
  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.cause;
    this.#writtenBytes += bytes.length;
    if (bytes.length > CHUNK_BYTES - this.#filled) return this.#writeAcross(bytes.slice());
    this.#filling.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  /** Resolves when everything taken has been appended. */
  async drain(): Promise<void> {
    await this.#settle();
    if (this.#filled > 0) this.#send();
    await this.#settle();
  }

  async #writeAcross(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === CHUNK_BYTES) {
        await this.#settle();
        this.#send();
      }
      const length = Math.min(bytes.length - at, CHUNK_BYTES - this.#filled);
      this.#filling.set(bytes.subarray(at, at + length), this.#filled);
      this.#filled += length;
      at += length;
    }
  }

  /** Requires: nothing in flight. */
  #send(): void {
    const sending = this.#filling;
    this.#inFlight = this.#file.append(sending.subarray(0, this.#filled)).catch((cause: unknown) => {
      this.#failure = { cause };
    });
    this.#filling = this.#spare;
    this.#spare = sending;
    this.#filled = 0;
  }

  async #settle(): Promise<void> {
    await this.#inFlight;
    this.#inFlight = undefined;
    if (this.#failure !== undefined) throw this.#failure.cause;
  }
}

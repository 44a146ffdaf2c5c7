/** Cells as they were before the writes of one update of several keys, should one of them find no room. */
import type { ByteRange } from "../base/bytes.ts";

const KEPT_BYTES = 64 * 1024;

export class UndoLog {
  #bytes = new Uint8Array(KEPT_BYTES);
  readonly #ends: number[] = [];
  #end = 0;
  readonly #popped: ByteRange = { bytes: this.#bytes, start: 0, end: 0 };

  /** Keeps a copy of the cell, which may be empty. */
  push({ bytes, start, end }: ByteRange): void {
    const length = end - start;
    if (this.#end + length > this.#bytes.length) this.#grow(length);
    if (length > 0) this.#bytes.set(bytes.subarray(start, end), this.#end);
    this.#end += length;
    this.#ends.push(this.#end);
  }

  /** The cell that was pushed last, until the next `push`. */
  pop(): ByteRange {
    const popped = this.#popped;
    popped.bytes = this.#bytes;
    popped.end = this.#ends.pop()!;
    popped.start = this.#ends.at(-1) ?? 0;
    this.#end = popped.start;
    return popped;
  }

  clear(): void {
    this.#ends.length = 0;
    this.#end = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = new Uint8Array(KEPT_BYTES);
  }

  #grow(length: number): void {
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#end + length));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

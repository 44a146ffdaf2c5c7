/**
 * Where the next bytes of a file come that has zeros ahead of what was appended.
 *
 *   | appended | zeros |
 *              ^ end   ^ a multiple of the step, or less where there was no room
 */
const NONE = new Uint8Array(0);

export class ZerosAhead {
  readonly #step: Uint8Array;
  #end: number;
  #zerosEnd: number;

  /** `sizeBytes` is the file's. */
  constructor(stepBytes: number, sizeBytes: number) {
    this.#step = new Uint8Array(stepBytes);
    this.#end = sizeBytes;
    this.#zerosEnd = sizeBytes;
  }

  /** Where what was appended ends. */
  get end(): number {
    return this.#end;
  }

  /** True if the file does not end there. */
  get isThere(): boolean {
    return this.#zerosEnd > this.#end;
  }

  /** So many bytes were written at `end`. Returns zeros to be written behind them, for `onWritten`; none most often. */
  onAppended(length: number): Uint8Array {
    this.#end += length;
    if (this.#end <= this.#zerosEnd) return NONE;
    this.#zerosEnd = this.#end;
    return this.#step.subarray(((this.#end - 1) % this.#step.length) + 1);
  }

  /** So many of the zeros. */
  onWritten(zeroCount: number): void {
    this.#zerosEnd += zeroCount;
  }

  /** The file ends here. */
  onTruncated(sizeBytes: number): void {
    this.#end = sizeBytes;
    this.#zerosEnd = sizeBytes;
  }
}

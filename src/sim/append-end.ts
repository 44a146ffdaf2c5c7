/**
 * Where what is appended to a simulated file comes: at the file's end, unless there are zeros ahead. On a full disk there
 * is no room in the place of zeros either, as where nothing is written in place.
 */
import type { SimFile } from "./sim-file.ts";

interface Space {
  readonly freeBytes: number;
}

export class AppendEnd {
  readonly #file: SimFile;
  readonly #zerosAheadBytes: number;
  readonly #medium: Space;
  #end: number;

  constructor(file: SimFile, zerosAheadBytes: number, medium: Space) {
    this.#file = file;
    this.#zerosAheadBytes = zerosAheadBytes;
    this.#medium = medium;
    this.#end = file.length;
  }

  get sizeBytes(): number {
    return this.#zerosAheadBytes === 0 ? this.#file.length : this.#end;
  }

  append(bytes: Uint8Array): void {
    this.#file.writeAt(this.sizeBytes, bytes);
    this.#end += bytes.length;
    if (this.#zerosAheadBytes === 0 || this.#end < this.#file.length) return;
    const zeroCount = this.#zerosAheadBytes - 1 - ((this.#end - 1) % this.#zerosAheadBytes);
    if (zeroCount > 0 && zeroCount <= this.#medium.freeBytes) this.#file.append(new Uint8Array(zeroCount));
  }

  truncate(length: number): void {
    this.#file.truncate(length);
    this.#end = length;
  }

  close(): void {
    if (this.sizeBytes < this.#file.length) this.#file.truncate(this.#end);
  }
}

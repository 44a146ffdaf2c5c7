/** The cells that are too long for a page: a buffer each, known to their rows by number. */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { releaseBuffer } from "./release-buffer.ts";

/** A buffer is kept for a shorter cell down to this part of it. */
const FILL_MIN = 7 / 8;

export class DetachedCells {
  readonly #buffers: (Uint8Array | undefined)[] = [];
  readonly #vacant: number[] = [];
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Copies the cell. Returns its number. Throws StoreError OUT_OF_MEMORY. */
  add(cell: ByteRange): number {
    const buffer = allocate(cell.end - cell.start);
    buffer.set(cell.bytes.subarray(cell.start, cell.end));
    const number = this.#vacant.pop() ?? this.#buffers.length;
    this.#buffers[number] = buffer;
    this.#sizeBytes += buffer.length;
    return number;
  }

  /** Copies the cell over the one of that number, if it suits its buffer. */
  overwrite(number: number, cell: ByteRange): boolean {
    const buffer = this.#buffers[number]!;
    const length = cell.end - cell.start;
    if (length > buffer.length || length < buffer.length * FILL_MIN) return false;
    buffer.set(cell.bytes.subarray(cell.start, cell.end));
    return true;
  }

  /** The buffer that begins with the cell. */
  get(number: number): Uint8Array {
    return this.#buffers[number]!;
  }

  remove(number: number): void {
    const buffer = this.#buffers[number]!;
    this.#buffers[number] = undefined;
    this.#vacant.push(number);
    this.#sizeBytes -= buffer.length;
    releaseBuffer(buffer.buffer as ArrayBuffer);
  }

  clear(): void {
    for (const buffer of this.#buffers) if (buffer !== undefined) releaseBuffer(buffer.buffer as ArrayBuffer);
    this.#buffers.length = 0;
    this.#vacant.length = 0;
    this.#sizeBytes = 0;
  }
}

function allocate(sizeBytes: number): Uint8Array {
  try {
    return new Uint8Array(sizeBytes);
  } catch (cause) {
    throw new StoreError("OUT_OF_MEMORY", "not-applied", "the system has no memory left for the value", {
      cause,
    });
  }
}

/** Row keys where they lie in the arena: what the order of rows must know of them. */
import type { Arena } from "./arena.ts";
import { keyLengthAt, keyWordAt, REGION_MASK, REGION_SHIFT } from "./block.ts";

export class RowKeyReader {
  readonly #words: readonly Int32Array[];
  readonly #bytes: readonly Uint8Array[];

  constructor(arena: Arena) {
    this.#words = arena.words;
    this.#bytes = arena.bytes;
  }

  slotOf(row: number): number {
    const bytes = this.#bytes[row >>> REGION_SHIFT]!;
    const start = this.#startOf(row);
    return (bytes[start]! << 8) | bytes[start + 1]!;
  }

  /** The four bytes after the slot, as a signed number. */
  prefixOf(row: number): number {
    return prefixOfRowKey(this.#bytes[row >>> REGION_SHIFT]!, this.#startOf(row), 6);
  }

  /** Order of the row to the row key `other[0, otherLength)`, as compareRowKeys. */
  compareWith(row: number, other: Uint8Array, otherLength: number): number {
    const bytes = this.#bytes[row >>> REGION_SHIFT]!;
    const start = this.#startOf(row);
    const length = keyLengthAt(this.#words[row >>> REGION_SHIFT]!, (row & REGION_MASK) << 1);
    const common = Math.min(length, otherLength);
    for (let i = 0; i < common; i++) {
      const difference = bytes[start + i]! - other[i]!;
      if (difference !== 0) return difference;
    }
    return length - otherLength;
  }

  /** Order of two rows. Makes an object: not for the hot path. */
  compare(a: number, b: number): number {
    const start = this.#startOf(b);
    const length = keyLengthAt(this.#words[b >>> REGION_SHIFT]!, (b & REGION_MASK) << 1);
    return this.compareWith(a, this.#bytes[b >>> REGION_SHIFT]!.subarray(start, start + length), length);
  }

  #startOf(row: number): number {
    return keyWordAt(this.#words[row >>> REGION_SHIFT]!, (row & REGION_MASK) << 1) << 2;
  }
}

/** The prefix of the row key that starts at `start` and has `length` bytes, as if zeros followed. */
export function prefixOfRowKey(bytes: Uint8Array, start: number, length: number): number {
  let prefix = 0;
  for (let i = 2; i < 6; i++) prefix = (prefix << 8) | (i < length ? bytes[start + i]! : 0);
  return prefix;
}

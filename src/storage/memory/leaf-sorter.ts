/**
 * Puts the rows of a leaf in order. Done when a leaf is first scanned, or split, rather than when it is written:
 * most rows are never scanned, and adding one then costs one store.
 */
import type { OrderBlocks } from "./order-block.ts";
import type { RowKeyReader } from "./row-key-reader.ts";

/** Below a prefix, what is multiplied by this leaves room for the number of a row in its leaf. */
const RADIX = 2 ** 18;
const SCRATCH_ROWS = 256;

export class LeafSorter {
  readonly #blocks: OrderBlocks;
  readonly #keys: RowKeyReader;
  #order = new Float64Array(SCRATCH_ROWS);
  #rows = new Int32Array(SCRATCH_ROWS);

  constructor(blocks: OrderBlocks, keys: RowKeyReader) {
    this.#blocks = blocks;
    this.#keys = keys;
  }

  /** Sorts by row key. */
  sort(leaf: number): void {
    if (this.#blocks.isSorted(leaf)) return;
    const count = this.#blocks.countOf(leaf);
    const order = this.#sortByPrefix(leaf, count);
    const words = this.#blocks.words(leaf);
    const first = this.#blocks.firstOf(leaf);
    for (let i = 1, start = 0; i <= count; i++) {
      if (i < count && prefixIn(order[i]!) === prefixIn(order[start]!)) continue;
      if (i - start > 1) words.subarray(first + start, first + i).sort((a, b) => this.#keys.compare(a, b));
      start = i;
    }
    this.#blocks.setSorted(leaf, true);
  }

  /** Sorts by prefix. Returns how many rows the lower half should have; 0 if all rows have one prefix. */
  sortToSplit(leaf: number): number {
    const count = this.#blocks.countOf(leaf);
    const order = this.#sortByPrefix(leaf, count);
    const middle = count >>> 1;
    for (let distance = 0; distance <= middle; distance++) {
      if (isBoundary(order, middle - distance, count)) return middle - distance;
      if (isBoundary(order, middle + distance, count)) return middle + distance;
    }
    return 0;
  }

  /** Index of the first row of a sorted leaf that is `from` or after. */
  lowerBound(leaf: number, from: Uint8Array, fromLength: number): number {
    const words = this.#blocks.words(leaf);
    const first = this.#blocks.firstOf(leaf);
    let low = 0;
    let high = this.#blocks.countOf(leaf);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys.compareWith(words[first + middle]!, from, fromLength) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Returns the prefixes in order, each times RADIX and with where the row stood before. */
  #sortByPrefix(leaf: number, count: number): Float64Array {
    if (this.#order.length < count) {
      this.#order = new Float64Array(2 * count);
      this.#rows = new Int32Array(2 * count);
    }
    const words = this.#blocks.words(leaf);
    const first = this.#blocks.firstOf(leaf);
    for (let i = 0; i < count; i++) {
      const row = words[first + i]!;
      this.#rows[i] = row;
      this.#order[i] = (this.#keys.prefixOf(row) >>> 0) * RADIX + i;
    }
    const order = this.#order.subarray(0, count).sort();
    for (let i = 0; i < count; i++) words[first + i] = this.#rows[order[i]! % RADIX]!;
    return order;
  }
}

function isBoundary(order: Float64Array, index: number, count: number): boolean {
  return index > 0 && index < count && prefixIn(order[index]!) !== prefixIn(order[index - 1]!);
}

function prefixIn(ordered: number): number {
  return Math.floor(ordered / RADIX);
}

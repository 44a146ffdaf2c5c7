/**
 * The rows that a compaction dropped, as it tells the main thread. A row that was put while the compaction ran, or that
 * still is in a memtable, may have superseded one of them, and has then taken it out of the sums, too: whoever installs
 * the compaction's outputs has to look, and to add such a row once.
 *
 *   per row, 4 words: low and high half of its version hash; leaf; database * 4 + expires * 2 + tombstone
 */
import type { Hash64 } from "../table/byte-hash.ts";

export const DROPPED_ROW_WORDS = 4;

export interface DroppedRow extends Hash64 {
  readonly leaf: number;
  readonly database: number;
  readonly isTombstone: boolean;
  /** False for a tombstone. */
  readonly expires: boolean;
}

export class DroppedRows {
  #words = new Int32Array(0);
  #length = 0;

  add({ low, high, leaf, database, isTombstone, expires }: DroppedRow): void {
    if (this.#length === this.#words.length) {
      const larger = new Int32Array(Math.max(64 * DROPPED_ROW_WORDS, 2 * this.#length));
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.#length++] = low;
    this.#words[this.#length++] = high;
    this.#words[this.#length++] = leaf;
    this.#words[this.#length++] = database * 4 + (expires ? 2 : 0) + (isTombstone ? 1 : 0);
  }

  /** Requires: there is one. */
  removeLast(): void {
    this.#length -= DROPPED_ROW_WORDS;
  }

  take(): Int32Array {
    return this.#words.slice(0, this.#length);
  }
}

/** Visits the rows that `take` gave. */
export function forEachDroppedRow(words: Int32Array, visit: (row: DroppedRow) => void): void {
  for (let at = 0; at < words.length; at += DROPPED_ROW_WORDS) {
    const rest = words[at + 3]!;
    visit({
      low: words[at]!,
      high: words[at + 1]!,
      leaf: words[at + 2]!,
      database: rest >>> 2,
      isTombstone: (rest & 1) !== 0,
      expires: (rest & 2) !== 0,
    });
  }
}

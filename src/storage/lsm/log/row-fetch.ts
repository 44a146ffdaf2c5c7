/**
 * Brings rows of a segment near the processor before each is looked at: rows in key order lie anywhere in a large buffer, and
 * whoever goes from one to the next waits for memory at each. Many are waited for at once here.
 *
 * Hot: once per row that is flushed; watched by `bench -- storage`.
 */
import type { Segment } from "./segment.ts";

const ROWS_AT_ONCE = 16;
/** As processors fetch it. */
const LINE_WORDS = 16;
/** Of each row; of longer ones, the rest is fetched as it is read. */
const LINES = 3;

export class RowFetch {
  readonly #words: Int32Array;
  readonly #offsets: Int32Array;
  #next = 0;
  #fetchedEnd = 0;
  /** Of what was fetched: of no use, but what nobody uses need not be read. */
  #sum = 0;

  /** The rows will be looked at in the order of `offsets`. */
  constructor({ words }: Pick<Segment, "words">, offsets: Int32Array) {
    this.#words = words;
    this.#offsets = offsets;
  }

  /** Call before each row. */
  next(): void {
    if (this.#next++ === this.#fetchedEnd) this.#bring();
  }

  #bring(): void {
    const words = this.#words;
    const offsets = this.#offsets;
    const end = Math.min(this.#fetchedEnd + ROWS_AT_ONCE, offsets.length);
    const last = words.length - 1;
    let sum = this.#sum;
    for (let i = this.#fetchedEnd; i < end; i++) {
      const word = offsets[i]! >>> 2;
      for (let line = 0; line < LINES; line++) sum ^= words[Math.min(word + line * LINE_WORDS, last)]!;
    }
    this.#sum = sum;
    this.#fetchedEnd = end;
  }
}

/**
 * Rows of several sorted sources in one order; of one row, the earliest source's. Few sources: the smallest key is
 * found by looking at all of them.
 */
import { assert } from "../../../base/assert.ts";
import type { ByteRange } from "../../../base/bytes.ts";

export interface RowSource {
  readonly key: ByteRange;
  readonly cell: ByteRange;
  next(): boolean | Promise<boolean>;
  close(): Promise<void>;
}

export class RowMerge<Source extends RowSource = RowSource> {
  /** All of them, for `close`. */
  readonly #sources: readonly Source[];
  /** Those that stand on a row. */
  readonly #live: Source[] = [];
  /** Those that stand on the current row: the first one's counts. */
  #current: readonly Source[];
  #supersededCount = 0;

  /** An earlier source has newer rows. */
  constructor(sources: readonly Source[]) {
    this.#sources = sources;
    this.#live = [...sources];
    this.#current = [...sources];
  }

  /** Of the current row. Requires: `next` resolved to true. */
  get row(): Source {
    const [first] = this.#current;
    assert(first !== undefined, "there is no row");
    return first;
  }

  /** All that stand on the current row. */
  get tied(): readonly Source[] {
    return this.#current;
  }

  /** Rows passed over because a newer source had them too. */
  get supersededCount(): number {
    return this.#supersededCount;
  }

  /** Moves to the next row; false at the end. */
  next(): boolean | Promise<boolean> {
    for (let i = 0; i < this.#current.length; i++) {
      const moved = this.#current[i]!.next();
      if (moved === true) continue;
      return this.#moveRest(i, moved);
    }
    return this.#settle();
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  async #moveRest(from: number, first: boolean | Promise<boolean>): Promise<boolean> {
    for (let i = from; i < this.#current.length; i++) {
      const source = this.#current[i]!;
      const moved = await (i === from ? first : source.next());
      if (!moved) this.#live.splice(this.#live.indexOf(source), 1);
    }
    return this.#settle();
  }

  /** Gathers the sources that stand on the smallest key. */
  #settle(): boolean {
    const current: Source[] = [];
    for (const source of this.#live) {
      const order = current.length === 0 ? -1 : compareRanges(source.key, current[0]!.key);
      if (order < 0) current.length = 0;
      if (order <= 0) current.push(source);
    }
    this.#current = current;
    if (current.length === 0) return false;
    this.#supersededCount += current.length - 1;
    return true;
  }
}

function compareRanges(a: ByteRange, b: ByteRange): number {
  const length = Math.min(a.end - a.start, b.end - b.start);
  for (let i = 0; i < length; i++) {
    const difference = a.bytes[a.start + i]! - b.bytes[b.start + i]!;
    if (difference !== 0) return difference;
  }
  return a.end - a.start - (b.end - b.start);
}

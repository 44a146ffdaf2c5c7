/**
 * Rows of several sorted sources in one order; of one row, the earliest source's. Few sources: the smallest key is
 * found by looking at all of them. Hot: once per row merged.
 */
import { assert } from "../../../base/assert.ts";
import type { ByteRange } from "../../../base/bytes.ts";
import { prefixOf } from "../table/table-probe.ts";

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
  #live: Source[];
  /** Of their keys, see prefixOf: most are told apart by that. */
  readonly #prefixes: Float64Array;
  /** Places in `#live` of those that stand on the current row: the first one's counts. */
  readonly #tied: Int32Array;
  #tiedCount: number;

  /** An earlier source has newer rows. */
  constructor(sources: readonly Source[]) {
    this.#sources = sources;
    this.#live = [...sources];
    this.#prefixes = new Float64Array(sources.length);
    this.#tied = Int32Array.from(sources.keys());
    this.#tiedCount = sources.length;
  }

  /** Of the current row. Requires: `next` was true. */
  get row(): Source {
    assert(this.#tiedCount > 0, "there is no row");
    return this.#live[this.#tied[0]!]!;
  }

  /** All that stand on the current row. */
  get tied(): readonly Source[] {
    return Array.from(this.#tied.subarray(0, this.#tiedCount), (place) => this.#live[place]!);
  }

  /** Moves to the next row; false at the end. */
  next(): boolean | Promise<boolean> {
    for (let i = 0; i < this.#tiedCount; i++) {
      const place = this.#tied[i]!;
      const moved = this.#live[place]!.next();
      if (moved !== true) return this.#moveRest(i, moved);
      this.#notePrefix(place);
    }
    return this.#settle();
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  async #moveRest(from: number, first: boolean | Promise<boolean>): Promise<boolean> {
    const ended = new Set<Source>();
    for (let i = from; i < this.#tiedCount; i++) {
      const place = this.#tied[i]!;
      const source = this.#live[place]!;
      if (await (i === from ? first : source.next())) this.#notePrefix(place);
      else ended.add(source);
    }
    if (ended.size > 0) {
      this.#live = this.#live.filter((source) => !ended.has(source));
      for (let place = 0; place < this.#live.length; place++) this.#notePrefix(place);
    }
    return this.#settle();
  }

  #notePrefix(place: number): void {
    const { bytes, start, end } = this.#live[place]!.key;
    this.#prefixes[place] = prefixOf(bytes, start, end);
  }

  /** Gathers the sources that stand on the smallest key. */
  #settle(): boolean {
    const [live, prefixes, tied] = [this.#live, this.#prefixes, this.#tied];
    let count = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let place = 0; place < live.length; place++) {
      const prefix = prefixes[place]!;
      if (prefix > least) continue;
      const isLess = prefix < least;
      const order = isLess ? -1 : compareRanges(live[place]!.key, live[tied[0]!]!.key);
      if (order > 0) continue;
      if (order < 0) count = 0;
      least = prefix;
      tied[count++] = place;
    }
    this.#tiedCount = count;
    return count > 0;
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

/** Goes through a sorted run of a memtable's rows, in either direction. */
import type { ByteRange } from "../../../base/bytes.ts";
import type { Segment } from "./segment.ts";
import { placeIn } from "./slot-rows.ts";

export class RunScan {
  /** Key and cell of the current row; they stay as they are, but the range objects are reused. */
  readonly key: ByteRange;
  readonly cell: ByteRange;
  readonly #segment: Segment;
  readonly #run: Int32Array;
  readonly #step: 1 | -1;
  #at: number;
  /** Where it is over. */
  readonly #end: number;

  /** Rows with `from` <= row key < `to` (no end if undefined); the last one first if reversed. */
  constructor(
    segment: Segment,
    run: Int32Array,
    from: Uint8Array,
    to: Uint8Array | undefined,
    isReversed: boolean,
  ) {
    const { bytes } = segment;
    this.#segment = segment;
    this.#run = run;
    const low = placeIn(segment, run, from, from.length);
    const high = Math.max(low, to === undefined ? run.length : placeIn(segment, run, to, to.length));
    this.#step = isReversed ? -1 : 1;
    this.#at = isReversed ? high : low - 1;
    this.#end = isReversed ? low - 1 : high;
    this.key = { bytes, start: 0, end: 0 };
    this.cell = { bytes, start: 0, end: 0 };
  }

  /** Offset of the current row in the segment. Requires: `next` was true. */
  get offset(): number {
    return this.#run[this.#at]!;
  }

  /** Moves to the next row; false at the end. */
  next(): boolean {
    if (this.#at === this.#end) return false;
    this.#at += this.#step;
    if (this.#at === this.#end) return false;
    const segment = this.#segment;
    const offset = this.#run[this.#at]!;
    const { key, cell } = this;
    key.start = segment.keyStart(offset);
    key.end = key.start + segment.keyLength(offset);
    cell.start = segment.cellStart(offset);
    cell.end = cell.start + segment.cellLength(offset);
    return true;
  }
}

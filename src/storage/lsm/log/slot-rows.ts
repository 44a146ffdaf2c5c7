/**
 * The rows of one slot of a memtable in row-key order, for stores that keep all their rows in one slot. Sorted when
 * somebody asks, and then only what has come since:
 *
 *   runs    oldest first, each sorted; the last ones small. Of a key that is in several, the last run has the newest row
 *
 * Two runs become one when the later is not much smaller: so each row is merged a few times only, however often
 * somebody asks between two puts. Runs never change: whoever has some sees that moment.
 */
import type { LinkedRows } from "./memtable-scan.ts";
import { compareRowsAt, sortRows } from "./row-sort.ts";
import type { Segment } from "./segment.ts";

/** A later run stays by itself if the one before has at least so many times its rows. */
const RUN_RATIO = 4;

export class SlotRows {
  readonly #rows: LinkedRows;
  readonly #slot: number;
  #runs: readonly Int32Array[] = [];
  /** Rows before this offset are in runs. */
  #end = 0;

  constructor(rows: LinkedRows, slot: number) {
    this.#rows = rows;
    this.#slot = slot;
  }

  /** Offsets of all rows there are now, which stay as they are from now on. */
  runs(): readonly Int32Array[] {
    const { segment, heads } = this.#rows;
    const head = heads[this.#slot]!;
    if (head < this.#end || head === 0) return this.#runs;
    segment.freeze();
    const runs = [...this.#runs, sortRows(segment, this.#rowsSince(head))];
    this.#end = head + 1;
    while (runs.length > 1 && runs.at(-2)!.length < RUN_RATIO * runs.at(-1)!.length) {
      const [older, newer] = runs.splice(-2);
      runs.push(mergeRuns(segment, older!, newer!));
    }
    this.#runs = runs;
    return runs;
  }

  #rowsSince(head: number): Int32Array {
    const { segment } = this.#rows;
    let count = 0;
    for (let offset = head; offset !== 0 && offset >= this.#end; offset = segment.link(offset)) count++;
    const offsets = new Int32Array(count);
    for (let offset = head; count > 0; offset = segment.link(offset)) offsets[--count] = offset;
    return offsets;
  }
}

function mergeRuns(segment: Segment, older: Int32Array, newer: Int32Array): Int32Array {
  const merged = new Int32Array(older.length + newer.length);
  let [count, o, n] = [0, 0, 0];
  while (o < older.length && n < newer.length) {
    const order = compareRowsAt(segment, older[o]!, newer[n]!);
    merged[count++] = order < 0 ? older[o]! : newer[n]!;
    if (order <= 0) o++;
    if (order >= 0) n++;
  }
  const rest = o < older.length ? older.subarray(o) : newer.subarray(n);
  merged.set(rest, count);
  return merged.subarray(0, count + rest.length);
}

/** The place of the first row of a run that is not below `key[0, keyLength)`. */
export function placeIn(segment: Segment, run: Int32Array, key: Uint8Array, keyLength: number): number {
  let low = 0;
  let high = run.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeyAt(segment, run[middle]!, key, keyLength) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** As compareBytes, of the row key at `offset` and another. */
export function compareKeyAt(segment: Segment, offset: number, key: Uint8Array, keyLength: number): number {
  const { bytes } = segment;
  const start = segment.keyStart(offset);
  const ownLength = segment.keyLength(offset);
  const length = Math.min(ownLength, keyLength);
  for (let i = 0; i < length; i++) {
    const difference = bytes[start + i]! - key[i]!;
    if (difference !== 0) return difference;
  }
  return ownLength - keyLength;
}

/**
 * The rows of a whole segment in row-key order, for a flush. Its rows lie in memory in the order in which they were put:
 * so they are gone through from the first to the last, which memory is made for, and not along their links, where each
 * step waits for memory.
 *
 *   1  how many rows each slot has         2  each row's offset, and its key's next four bytes as a number, to its slot's
 *   3  slot by slot, sorted by those numbers; only where they are equal are keys looked at
 *
 * Hot: once per row that is flushed; watched by `bench -- storage`.
 */
import { SLOT_COUNT } from "../../../ring/slot.ts";
import { BATCH_HEADER_BYTES, ROW_HEADER_BYTES, rowBytes, SEGMENT_HEADER_BYTES } from "./log-format.ts";
import { compareRowsAt, sortRows } from "./row-sort.ts";
import type { Segment } from "./segment.ts";

const KEY_WORD = ROW_HEADER_BYTES / 4;
/** Slots with more rows are split before they are compared. */
const FEW_ROWS = 64;
/** In slot and number. */
const KNOWN_KEY_BYTES = 6;

/** Offsets of the newest row of each key, by rising row key. Requires: all rows are in sealed batches. */
export function flushOrder(segment: Segment): Int32Array {
  const ends = rowCounts(segment);
  let rowCount = 0;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const count = ends[slot]!;
    ends[slot] = rowCount;
    rowCount += count;
  }
  const offsets = new Int32Array(rowCount);
  const numbers = new Int32Array(rowCount);
  distribute(segment, ends, offsets, numbers);
  let kept = 0;
  for (let slot = 0, start = 0; slot < SLOT_COUNT; start = ends[slot++]!) {
    kept = keepSorted(segment, offsets, numbers, { start, end: ends[slot]!, kept });
  }
  return offsets.subarray(0, kept);
}

function rowCounts({ words, sealedBytes }: Segment): Int32Array {
  const counts = new Int32Array(SLOT_COUNT);
  for (let batch = SEGMENT_HEADER_BYTES; batch < sealedBytes; ) {
    const end = batch + words[(batch >>> 2) + 1]!;
    for (let offset = batch + BATCH_HEADER_BYTES; offset < end; ) {
      const word = offset >>> 2;
      counts[slotAt(words[word + KEY_WORD]!)]!++;
      offset += rowBytes(words[word]! & KEY_LENGTH_MASK, words[word + 1]!);
    }
    batch = end;
  }
  return counts;
}

/** `ends` are where the slots' rows begin, and become where they end. */
function distribute(
  { words, sealedBytes }: Segment,
  ends: Int32Array,
  offsets: Int32Array,
  numbers: Int32Array,
): void {
  for (let batch = SEGMENT_HEADER_BYTES; batch < sealedBytes; ) {
    const end = batch + words[(batch >>> 2) + 1]!;
    for (let offset = batch + BATCH_HEADER_BYTES; offset < end; ) {
      const word = offset >>> 2;
      const first = words[word + KEY_WORD]!;
      const place = ends[slotAt(first)]!++;
      offsets[place] = offset;
      numbers[place] = numberAt(first, words[word + KEY_WORD + 1]!);
      offset += rowBytes(words[word]! & KEY_LENGTH_MASK, words[word + 1]!);
    }
    batch = end;
  }
}

interface SlotPart {
  readonly start: number;
  readonly end: number;
  /** Rows that are in order already, and kept: at the beginning. */
  readonly kept: number;
}

/** Puts the newest row of each key of a slot after those kept so far, in order. Returns how many are kept now. */
function keepSorted(
  segment: Segment,
  offsets: Int32Array,
  numbers: Int32Array,
  { start, end, kept }: SlotPart,
): number {
  if (end - start > FEW_ROWS) {
    const sorted = sortRows(segment, offsets.slice(start, end));
    offsets.set(sorted, kept);
    return kept + sorted.length;
  }
  insertionSort(segment, offsets, numbers, start, end);
  let count = kept;
  for (let i = start; i < end; i++) {
    const offset = offsets[i]!;
    const mayBeSame = i > start && numbers[i] === numbers[i - 1];
    if (!mayBeSame || !segment.haveSameKey(offsets[count - 1]!, offset)) offsets[count++] = offset;
  }
  return count;
}

/** Of one key, the newest row comes first. */
function insertionSort(
  segment: Segment,
  offsets: Int32Array,
  numbers: Int32Array,
  start: number,
  end: number,
): void {
  for (let i = start + 1; i < end; i++) {
    const offset = offsets[i]!;
    const number = numbers[i]!;
    let at = i;
    for (; at > start; at--) {
      const other = numbers[at - 1]!;
      if (other < number) break;
      if (other === number && isInOrder(segment, offsets[at - 1]!, offset)) break;
      offsets[at] = offsets[at - 1]!;
      numbers[at] = other;
    }
    offsets[at] = offset;
    numbers[at] = number;
  }
}

function isInOrder(segment: Segment, a: number, b: number): boolean {
  return (compareRowsAt(segment, a, b, KNOWN_KEY_BYTES) || b - a) <= 0;
}

const KEY_LENGTH_MASK = 0xff_ffff;

/** The first two bytes of a row key whose first word this is. */
function slotAt(word: number): number {
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff);
}

/** The four bytes after the slot as one signed number: a smaller one is a smaller key. */
function numberAt(first: number, second: number): number {
  const bytes =
    ((first & 0xff0000) << 8) | ((first >>> 24) << 16) | ((second & 0xff) << 8) | ((second >>> 8) & 0xff);
  return bytes ^ 0x8000_0000;
}

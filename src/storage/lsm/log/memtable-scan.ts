/**
 * The rows of a memtable in row-key order, as they are at the moment the scan begins: later rows are not seen, and
 * the ones it sees stay as they were. Sorts one slot at a time, when it comes to it.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { SLOT_COUNT } from "../../../ring/slot.ts";
import { sortRows } from "./row-sort.ts";
import type { Segment } from "./segment.ts";

const NO_BYTES = new Uint8Array(0);
const NO_ROWS = new Int32Array(0);

/** What a scan needs of a memtable; a flush has it of another thread's. */
export interface LinkedRows {
  readonly segment: Segment;
  readonly heads: Int32Array;
  /** The last large slot that was sorted, for scans to come: a client's SCAN begins a new one each time. */
  sortedSlot?: SortedSlot | undefined;
}

export interface SortedSlot {
  /** The slot's latest row then: if it still is, the rows are the same. */
  readonly head: number;
  /** Of each key the latest row, sorted. */
  readonly offsets: Int32Array;
}

/** Sorting fewer rows again costs next to nothing. */
const KEPT_ROWS_MIN = 256;

export class MemtableScan {
  /** Key and cell of the current row; they stay as they are, but the range objects are reused. */
  readonly key: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly cell: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #rows: LinkedRows;
  readonly #segment: Segment;
  /** Of the slots from the first to the last of the scan. */
  readonly #heads: Int32Array;
  readonly #firstSlot: number;
  readonly #to: Uint8Array | undefined;
  readonly #lastSlot: number;
  #slot: number;
  #offsets: Int32Array = new Int32Array(0);
  #at = 0;

  /** Rows with `from` <= row key < `to` (no end if undefined). */
  constructor(rows: LinkedRows, from: Uint8Array, to: Uint8Array | undefined) {
    rows.segment.freeze();
    this.#rows = rows;
    this.#segment = rows.segment;
    this.#to = to;
    this.#slot = slotFrom(from);
    this.#firstSlot = this.#slot;
    this.#lastSlot = to === undefined ? SLOT_COUNT - 1 : Math.min(slotFrom(to), SLOT_COUNT - 1);
    this.#heads = rows.heads.slice(this.#slot, this.#lastSlot + 1);
    this.key.bytes = rows.segment.bytes;
    this.cell.bytes = rows.segment.bytes;
    if (this.#slot <= this.#lastSlot) this.#enterSlot();
    this.#at = this.#firstFrom(from);
  }

  /** Offset of the current row in the segment. Requires: `next` was true. */
  get offset(): number {
    return this.#offsets[this.#at - 1]!;
  }

  /** Moves to the next row; false at the end. */
  next(): boolean {
    while (this.#at >= this.#offsets.length) {
      if (this.#slot >= this.#lastSlot) return false;
      this.#slot++;
      this.#enterSlot();
    }
    const offset = this.#offsets[this.#at++]!;
    this.#pointAt(offset);
    if (this.#slot < this.#lastSlot || this.#to === undefined) return true;
    if (this.#compareKey(offset, this.#to) < 0) return true;
    this.#at = this.#offsets.length;
    return false;
  }

  #pointAt(offset: number): void {
    const segment = this.#segment;
    this.key.start = segment.keyStart(offset);
    this.key.end = this.key.start + segment.keyLength(offset);
    this.cell.start = segment.cellStart(offset);
    this.cell.end = this.cell.start + segment.cellLength(offset);
  }

  #enterSlot(): void {
    const head = this.#heads[this.#slot - this.#firstSlot]!;
    const kept = this.#rows.sortedSlot;
    this.#at = 0;
    this.#offsets = kept !== undefined && kept.head === head ? kept.offsets : this.#sort(head);
    if (this.#offsets.length >= KEPT_ROWS_MIN) this.#rows.sortedSlot = { head, offsets: this.#offsets };
  }

  /** The rows on the way from `head`, of each key the latest. */
  #sort(head: number): Int32Array {
    if (head === 0) return NO_ROWS; // most slots of a small memtable
    const segment = this.#segment;
    let count = 0;
    for (let offset = head; offset !== 0; offset = segment.link(offset)) count++;
    const offsets = new Int32Array(count);
    for (let offset = head; offset !== 0; offset = segment.link(offset)) offsets[--count] = offset;
    return sortRows(segment, offsets);
  }

  /** Where the first row of the slot stands that is not below `from`. */
  #firstFrom(from: Uint8Array): number {
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compareKey(this.#offsets[middle]!, from) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compareKey(offset: number, key: Uint8Array): number {
    const { bytes } = this.#segment;
    const start = this.#segment.keyStart(offset);
    const keyLength = this.#segment.keyLength(offset);
    const length = Math.min(keyLength, key.length);
    for (let i = 0; i < length; i++) {
      const difference = bytes[start + i]! - key[i]!;
      if (difference !== 0) return difference;
    }
    return keyLength - key.length;
  }
}

/** The slot of a row key, or of the beginning of one. */
function slotFrom(key: Uint8Array): number {
  return ((key[0] ?? 0) << 8) | (key[1] ?? 0);
}

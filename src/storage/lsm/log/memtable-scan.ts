/**
 * The rows of a memtable in row-key order, as they are at the moment the scan begins: later rows are not seen, and
 * the ones it sees stay as they were. Sorts one slot at a time, when it comes to it.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { SLOT_COUNT } from "../../../ring/slot.ts";
import type { Segment } from "./segment.ts";

const NO_BYTES = new Uint8Array(0);

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
  readonly offsets: readonly number[];
}

/** Sorting fewer rows again costs next to nothing. */
const KEPT_ROWS_MIN = 256;

export class MemtableScan {
  /** Key and cell of the current row; they stay as they are, but the range objects are reused. */
  readonly key: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly cell: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #rows: LinkedRows;
  readonly #segment: Segment;
  readonly #heads: Int32Array;
  readonly #to: Uint8Array | undefined;
  readonly #lastSlot: number;
  #slot: number;
  #offsets: readonly number[] = [];
  #at = 0;

  /** Rows with `from` <= row key < `to` (no end if undefined). */
  constructor(rows: LinkedRows, from: Uint8Array, to: Uint8Array | undefined) {
    rows.segment.freeze();
    this.#rows = rows;
    this.#segment = rows.segment;
    this.#heads = rows.heads.slice();
    this.#to = to;
    this.#slot = slotFrom(from);
    this.#lastSlot = to === undefined ? SLOT_COUNT - 1 : Math.min(slotFrom(to), SLOT_COUNT - 1);
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
    const head = this.#heads[this.#slot]!;
    const kept = this.#rows.sortedSlot;
    this.#at = 0;
    this.#offsets = kept !== undefined && kept.head === head ? kept.offsets : this.#sort(head);
    if (this.#offsets.length >= KEPT_ROWS_MIN) this.#rows.sortedSlot = { head, offsets: this.#offsets };
  }

  /** The rows on the way from `head`, of each key the latest. */
  #sort(head: number): readonly number[] {
    const offsets: number[] = [];
    for (let offset = head; offset !== 0; offset = this.#segment.link(offset)) offsets.push(offset);
    if (offsets.length < 2) return offsets;
    const prefixes = offsets.map((offset) => this.#prefixOf(offset));
    const order = offsets.map((_, i) => i);
    sortBy(
      order,
      (a, b) => prefixes[a]! - prefixes[b]! || this.#compareRows(offsets[a]!, offsets[b]!) || a - b,
    );
    const sorted: number[] = [];
    for (const at of order) {
      const offset = offsets[at]!;
      const last = sorted.at(-1);
      if (last === undefined || !this.#segment.haveSameKey(last, offset)) sorted.push(offset);
    }
    return sorted;
  }

  /** Most rows of a slot differ in database, position, key length and the key's first byte: five bytes, as one number. */
  #prefixOf(offset: number): number {
    const { bytes } = this.#segment;
    const at = this.#segment.keyStart(offset) + 2;
    const high = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    return high * 0x1_0000 + ((bytes[at + 3]! << 8) | bytes[at + 4]!);
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

  #compareRows(a: number, b: number): number {
    const { bytes } = this.#segment;
    const aStart = this.#segment.keyStart(a);
    const bStart = this.#segment.keyStart(b);
    const aLength = this.#segment.keyLength(a);
    const bLength = this.#segment.keyLength(b);
    const length = Math.min(aLength, bLength);
    for (let i = 2; i < length; i++) {
      const difference = bytes[aStart + i]! - bytes[bStart + i]!; // the first two bytes are the slot
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
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

/** Below so many, insertion beats the built-in sort, which copies. */
const INSERTION_MAX = 24;

function sortBy(order: number[], compare: (a: number, b: number) => number): void {
  if (order.length > INSERTION_MAX) {
    order.sort(compare);
    return;
  }
  for (let i = 1; i < order.length; i++) {
    const moving = order[i]!;
    let at = i;
    for (; at > 0 && compare(order[at - 1]!, moving) > 0; at--) order[at] = order[at - 1]!;
    order[at] = moving;
  }
}

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
}

export class MemtableScan {
  /** Key and cell of the current row; they stay as they are, but the range objects are reused. */
  readonly key: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly cell: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #segment: Segment;
  readonly #heads: Int32Array;
  readonly #from: Uint8Array;
  readonly #to: Uint8Array | undefined;
  readonly #end: number;
  #slot: number;
  #offsets: number[] = [];
  #at = 0;

  /** Rows with `from` <= row key < `to` (no end if undefined). */
  constructor({ segment, heads }: LinkedRows, from: Uint8Array, to: Uint8Array | undefined) {
    segment.freeze();
    this.#segment = segment;
    this.#heads = heads.slice();
    this.#from = from;
    this.#to = to;
    this.#end = segment.tail;
    this.#slot = firstSlot(from);
    this.key.bytes = segment.bytes;
    this.cell.bytes = segment.bytes;
    this.#enterSlot();
  }

  /** Offset of the current row in the segment. Requires: `next` was true. */
  get offset(): number {
    return this.#offsets[this.#at - 1]!;
  }

  /** Moves to the next row; false at the end. */
  next(): boolean {
    while (this.#at >= this.#offsets.length) {
      if (++this.#slot >= SLOT_COUNT) return false;
      this.#enterSlot();
    }
    const offset = this.#offsets[this.#at++]!;
    this.#pointAt(offset);
    if (this.#to === undefined || this.#compareKey(offset, this.#to) < 0) return true;
    this.#slot = SLOT_COUNT;
    this.#offsets = [];
    return false;
  }

  #pointAt(offset: number): void {
    const segment = this.#segment;
    this.key.start = segment.keyStart(offset);
    this.key.end = this.key.start + segment.keyLength(offset);
    this.cell.start = segment.cellStart(offset);
    this.cell.end = this.cell.start + segment.cellLength(offset);
  }

  /** Gathers the slot's rows, of each key the latest, sorted. */
  #enterSlot(): void {
    const segment = this.#segment;
    const offsets: number[] = [];
    for (let offset = this.#heads[this.#slot]!; offset !== 0; offset = segment.link(offset)) {
      if (offset < this.#end && this.#compareKey(offset, this.#from) >= 0) offsets.push(offset);
    }
    offsets.sort((a, b) => this.#compareRows(a, b) || b - a);
    this.#offsets = offsets.filter(
      (offset, i) => i === 0 || this.#compareRows(offsets[i - 1]!, offset) !== 0,
    );
    this.#at = 0;
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

function firstSlot(from: Uint8Array): number {
  return ((from[0] ?? 0) << 8) | (from[1] ?? 0);
}

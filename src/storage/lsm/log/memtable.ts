/**
 * Memtable: an index over the rows of one segment. Of the rows of one key, the last one counts.
 *
 *   places   capacity x (hash, offset): open addressing, linear probing; offset 0 is a free place. When they are
 *            too full, twice as many take their place, and every new row brings a few of the old ones along: what is
 *            in both counts in the new ones
 *   heads    per slot, the offset of its latest row; the rows of a slot are linked from the latest to the first, so
 *            that a scan sorts one slot at a time. The way leads by the newest row of each key; it may leave out older
 *
 * Hot: `get` and `put`; watched by `bench -- log`.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { SLOT_COUNT } from "../../../ring/slot.ts";
import { type RowKey, slotOfRow } from "../../row-key.ts";
import type { LinkedRows, SortedSlot } from "./memtable-scan.ts";
import type { Segment, Superseded } from "./segment.ts";
import { SlotRows } from "./slot-rows.ts";

const LOAD_MAX = 0.7;
const CAPACITY_MIN = 1024;
const PLAIN_SLOT = 0;
/** More than two: so the old places are empty long before the new ones are full. */
const MOVED_PER_ROW = 8;
const NO_PLACES = new Int32Array(0);

export class Memtable implements LinkedRows {
  readonly segment: Segment;
  /** Per slot, the offset of the latest row; 0 if there is none. */
  readonly heads = new Int32Array(SLOT_COUNT);
  sortedSlot: SortedSlot | undefined = undefined;
  #plainRows: SlotRows | undefined;
  #places: Int32Array;
  #capacity: number;
  /** Those before `#moved` are in `#places`, too. */
  #oldPlaces: Int32Array = NO_PLACES;
  #moved = 0;
  #rowCount = 0;
  readonly #inherited: Superseded = { flags: 0, hashLow: 0, hashHigh: 0 };

  /** `rowsExpected` sizes the index ahead, sparing it to grow step by step. */
  constructor(segment: Segment, rowsExpected = 0) {
    this.segment = segment;
    this.#capacity = CAPACITY_MIN;
    while (this.#capacity * LOAD_MAX < rowsExpected) this.#capacity *= 2;
    this.#places = new Int32Array(2 * this.#capacity);
  }

  /** Keys, each counted once. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** Memory of the index; the segment's is its buffer's length. */
  get indexBytes(): number {
    return this.#places.byteLength + this.#oldPlaces.byteLength + this.heads.byteLength;
  }

  /** Rows of the one slot of a store that uses no other, for scans. */
  get plainRows(): SlotRows {
    this.#plainRows ??= new SlotRows(this, PLAIN_SLOT);
    return this.#plainRows;
  }

  /** Offset of the key's row, or 0. */
  find(key: RowKey): number {
    const hash = key.hash | 0;
    const offset = this.#findIn(this.#places, hash, key);
    return offset !== 0 || this.#oldPlaces.length === 0 ? offset : this.#findIn(this.#oldPlaces, hash, key);
  }

  /** Points `into` at the cell of the key's row; false if there is none. Final once its batch is sealed. */
  get(key: RowKey, into: ByteRange): boolean {
    const offset = this.find(key);
    if (offset === 0) return false;
    this.cellInto(offset, into);
    return true;
  }

  cellInto(offset: number, into: ByteRange): void {
    const { segment } = this;
    into.bytes = segment.bytes;
    into.start = segment.cellStart(offset);
    into.end = into.start + segment.cellLength(offset);
  }

  /**
   * The key's row is now this cell. `superseded` speaks of what lay below this memtable; it is ignored if the key
   * has a row here already, which knows. `present` is what `find` has just given. Requires: the segment has room
   * (`fits`).
   */
  put(key: RowKey, cell: ByteRange, superseded: Superseded, present = this.find(key)): void {
    const { segment } = this;
    if (present !== 0) {
      if (segment.overwrite(present, cell)) return;
      segment.supersededInto(present, this.#inherited);
      this.#append(key, cell, this.#inherited, present);
    } else {
      this.#append(key, cell, superseded, 0);
    }
  }

  /** The offsets of all keys' rows, rising: so that whoever visits all of them goes through memory in order. */
  rowOffsets(): Int32Array {
    this.#move(this.#oldPlaces.length);
    const places = this.#places;
    const offsets = new Int32Array(this.#rowCount);
    let count = 0;
    for (let i = 1; i < places.length; i += 2) if (places[i] !== 0) offsets[count++] = places[i]!;
    return offsets.sort();
  }

  /**
   * Takes the row at `offset` into the index, as recovery finds it; false if its link is not what `put` would make it.
   * `hash` is what its RowKey would have. Requires: offsets come in rising order.
   */
  adopt(offset: number, hash: number): boolean {
    const slot = slotOfRow(this.segment.bytes, this.segment.keyStart(offset));
    const present = this.#findSameKey(offset, hash | 0);
    if (slot >= SLOT_COUNT || this.segment.link(offset) !== this.#linkFor(slot, present)) return false;
    this.#enter(slot, hash | 0, offset, present);
    return true;
  }

  #findIn(places: Int32Array, hash: number, key: RowKey): number {
    const mask = (places.length >>> 1) - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const offset = places[2 * place + 1]!;
      if (offset === 0) return 0;
      if (places[2 * place] === hash && this.segment.isRowOf(offset, key)) return offset;
    }
  }

  #findSameKey(offset: number, hash: number): number {
    const other = this.#findSameKeyIn(this.#places, offset, hash);
    if (other !== 0 || this.#oldPlaces.length === 0) return other;
    return this.#findSameKeyIn(this.#oldPlaces, offset, hash);
  }

  #findSameKeyIn(places: Int32Array, offset: number, hash: number): number {
    const mask = (places.length >>> 1) - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const other = places[2 * place + 1]!;
      if (other === 0) return 0;
      if (places[2 * place] === hash && this.segment.haveSameKey(offset, other)) return other;
    }
  }

  #append(key: RowKey, cell: ByteRange, superseded: Superseded, present: number): void {
    const slot = slotOfRow(key.bytes, 0);
    const offset = this.segment.append(key, cell, superseded, this.#linkFor(slot, present));
    this.#enter(slot, key.hash | 0, offset, present);
  }

  /**
   * What a row of the slot is linked to that takes the place of the one at `present` (0 if of none): if that is the
   * slot's latest, to where that one leads, so that a key that is written again and again makes no long way.
   */
  #linkFor(slot: number, present: number): number {
    const head = this.heads[slot]!;
    return head !== 0 && head === present ? this.segment.link(head) : head;
  }

  #enter(slot: number, hash: number, offset: number, present: number): void {
    this.heads[slot] = offset;
    if (present !== 0) {
      const isMoved = replaceIn(this.#places, hash, present, offset);
      if (!isMoved) replaceIn(this.#oldPlaces, hash, present, offset);
      return;
    }
    if (this.#oldPlaces.length > 0) this.#move(MOVED_PER_ROW);
    if (this.#rowCount + 1 > this.#capacity * LOAD_MAX) this.#grow();
    this.#rowCount++;
    enterIn(this.#places, hash, offset);
  }

  #grow(): void {
    this.#oldPlaces = this.#places;
    this.#moved = 0;
    this.#capacity *= 2;
    this.#places = new Int32Array(2 * this.#capacity);
  }

  #move(count: number): void {
    const old = this.#oldPlaces;
    const end = Math.min(this.#moved + 2 * count, old.length);
    for (let i = this.#moved; i < end; i += 2) {
      if (old[i + 1] !== 0) enterIn(this.#places, old[i]!, old[i + 1]!);
    }
    this.#moved = end;
    if (end === old.length) this.#oldPlaces = NO_PLACES;
  }
}

/** Requires: a key that is not there. */
function enterIn(places: Int32Array, hash: number, offset: number): void {
  const mask = (places.length >>> 1) - 1;
  let place = hash & mask;
  while (places[2 * place + 1] !== 0) place = (place + 1) & mask;
  places[2 * place] = hash;
  places[2 * place + 1] = offset;
}

/** The row at `before` is at `after` from now on; false if it is not there. */
function replaceIn(places: Int32Array, hash: number, before: number, after: number): boolean {
  const mask = (places.length >>> 1) - 1;
  for (let place = hash & mask; places[2 * place + 1] !== 0; place = (place + 1) & mask) {
    if (places[2 * place + 1] !== before) continue;
    places[2 * place + 1] = after;
    return true;
  }
  return false;
}

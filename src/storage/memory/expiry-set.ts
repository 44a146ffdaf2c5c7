/**
 * The rows that expire, with the time to look at each next: the expiry, or earlier if that is far away, or later
 * if the row had expired but could not be dropped yet.
 *
 *   block    word 0  its number
 *            word 1  kind, size
 *            ...     256 x (address of the row, time)
 *   time     the low 32 bits of a wall time in ms, compared modulo 2^32; so it lies within 12 days of when it is set
 *
 * Every row here knows its place (a number), so it can be removed, and moved, at once. Of each block the earliest
 * time is known: what is due is found without looking at the rest.
 */
import type { Arena } from "./arena.ts";
import { blockWord, KIND_EXPIRY, REGION_MASK, REGION_SHIFT } from "./block.ts";

const HEADER_WORDS = 2;
const ENTRIES_SHIFT = 8;
const ENTRIES = 1 << ENTRIES_SHIFT;
const BLOCK_UNITS = (HEADER_WORDS + 2 * ENTRIES) >>> 1;
const REACH_MS = 2 ** 30;
/** Word of a row that holds its place here. */
const PLACE_WORD = 2;

export class ExpirySet {
  readonly #arena: Arena;
  readonly #words: readonly Int32Array[];
  #blocks = new Int32Array(16);
  #earliestOfBlock = new Int32Array(16);
  #earliest = 0;
  #count = 0;
  #cursor = 0;
  #lastNowMs = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#words = arena.words;
  }

  get count(): number {
    return this.#count;
  }

  get tableBytes(): number {
    return 2 * this.#blocks.byteLength;
  }

  /** Requires: the row is marked as expiring, so that it has a word for its place. */
  add(row: number, expiresAtMs: number, nowMs: number): void {
    const place = this.#count;
    if (place === 0) this.#lastNowMs = nowMs;
    if ((place & (ENTRIES - 1)) === 0) this.#addBlock(place >>> ENTRIES_SHIFT);
    this.#count++;
    const time = timeOf(expiresAtMs, nowMs);
    if (place === 0) this.#earliest = time;
    if ((place & (ENTRIES - 1)) === 0) this.#earliestOfBlock[place >>> ENTRIES_SHIFT] = time;
    this.#set(place, row, time);
  }

  /** The row of this place expires at another time. */
  update(place: number, expiresAtMs: number, nowMs: number): void {
    this.#set(place, this.rowAt(place), timeOf(expiresAtMs, nowMs));
  }

  /** The row of this place has moved. */
  rowMoved(place: number, to: number): void {
    this.#words[this.#blockOf(place) >>> REGION_SHIFT]![this.#wordOf(place)] = to;
  }

  remove(place: number): void {
    const last = this.#count - 1;
    if (place !== last) this.#set(place, this.rowAt(last), this.timeAt(last));
    this.#count = last;
    if ((last & (ENTRIES - 1)) === 0) this.#arena.free(this.#blocks[last >>> ENTRIES_SHIFT]!, BLOCK_UNITS);
  }

  /** Address of the row at the place, 0 <= place < count. */
  rowAt(place: number): number {
    return this.#words[this.#blockOf(place) >>> REGION_SHIFT]![this.#wordOf(place)]!;
  }

  timeAt(place: number): number {
    return this.#words[this.#blockOf(place) >>> REGION_SHIFT]![this.#wordOf(place) + 1]!;
  }

  /** Time until the row at the place is looked at, negative if it is due. */
  remainingMs(place: number, nowMs: number): number {
    return (this.timeAt(place) - (nowMs | 0)) | 0;
  }

  /**
   * Shows due rows to `look`, about `rowsMax` of them. `look` either removes the row and returns 0, or returns
   * the wall time at which to look again.
   */
  forEachDue(nowMs: number, rowsMax: number, look: (row: number) => number): void {
    if (Math.abs(nowMs - this.#lastNowMs) > REACH_MS / 2) this.#lookAtAll(nowMs);
    this.#lastNowMs = nowMs;
    if (this.#count === 0 || !isDue(this.#earliest, nowMs)) return;
    let left = rowsMax;
    for (let seen = this.#blockCount(); seen > 0; seen--) {
      if (left <= 0) return;
      if (this.#cursor >= this.#blockCount()) this.#cursor = 0;
      const block = this.#cursor++;
      if (isDue(this.#earliestOfBlock[block]!, nowMs)) left -= this.#lookInto(block, nowMs, left, look);
      if (this.#count === 0) return;
    }
    this.#earliest = this.#earliestOfBlock[0]!;
    for (let block = 1; block < this.#blockCount(); block++) {
      this.#earliest = earlier(this.#earliest, this.#earliestOfBlock[block]!);
    }
  }

  /** The compactor has moved a block. */
  blockMoved(to: number): void {
    this.#blocks[this.#words[to >>> REGION_SHIFT]![(to & REGION_MASK) << 1]!] = to;
  }

  /** Forgets all. Requires: the arena has been cleared. */
  clear(): void {
    this.#count = 0;
    this.#cursor = 0;
    this.#blocks = new Int32Array(16);
    this.#earliestOfBlock = new Int32Array(16);
  }

  /** Returns the number of rows that were shown. */
  #lookInto(block: number, nowMs: number, rowsMax: number, look: (row: number) => number): number {
    const first = block << ENTRIES_SHIFT;
    let shown = 0;
    for (let place = first; shown < rowsMax && place < first + ENTRIES && place < this.#count; ) {
      if (!isDue(this.timeAt(place), nowMs)) {
        place++;
        continue;
      }
      shown++;
      const againAtMs = look(this.rowAt(place));
      if (againAtMs === 0) continue; // another row has taken its place
      this.update(place, Math.max(againAtMs, nowMs + 1), nowMs);
      place++;
    }
    this.#findEarliest(block);
    return shown;
  }

  #findEarliest(block: number): void {
    const first = block << ENTRIES_SHIFT;
    if (first >= this.#count) return;
    let earliest = this.timeAt(first);
    const end = Math.min(first + ENTRIES, this.#count);
    for (let place = first + 1; place < end; place++) earliest = earlier(earliest, this.timeAt(place));
    this.#earliestOfBlock[block] = earliest;
  }

  /** After a jump of the clock, times may be too far away to be compared: makes all due. */
  #lookAtAll(nowMs: number): void {
    this.#earliest = nowMs | 0;
    for (let place = 0; place < this.#count; place++) {
      this.#words[this.#blockOf(place) >>> REGION_SHIFT]![this.#wordOf(place) + 1] = nowMs | 0;
    }
    this.#earliestOfBlock.fill(nowMs | 0);
  }

  #set(place: number, row: number, time: number): void {
    const block = this.#blockOf(place);
    const words = this.#words[block >>> REGION_SHIFT]!;
    const word = this.#wordOf(place);
    words[word] = row;
    words[word + 1] = time;
    const number = place >>> ENTRIES_SHIFT;
    this.#earliestOfBlock[number] = earlier(this.#earliestOfBlock[number]!, time);
    this.#earliest = earlier(this.#earliest, time);
    this.#words[row >>> REGION_SHIFT]![((row & REGION_MASK) << 1) + PLACE_WORD] = place;
  }

  #addBlock(number: number): void {
    if (number === this.#blocks.length) {
      this.#blocks = doubled(this.#blocks);
      this.#earliestOfBlock = doubled(this.#earliestOfBlock);
    }
    const block = this.#arena.allocate(BLOCK_UNITS);
    const words = this.#words[block >>> REGION_SHIFT]!;
    words[(block & REGION_MASK) << 1] = number;
    words[((block & REGION_MASK) << 1) + 1] = blockWord(KIND_EXPIRY, BLOCK_UNITS);
    this.#blocks[number] = block;
  }

  #blockCount(): number {
    return (this.#count + ENTRIES - 1) >>> ENTRIES_SHIFT;
  }

  #blockOf(place: number): number {
    return this.#blocks[place >>> ENTRIES_SHIFT]!;
  }

  #wordOf(place: number): number {
    return ((this.#blockOf(place) & REGION_MASK) << 1) + HEADER_WORDS + 2 * (place & (ENTRIES - 1));
  }
}

/** `|` keeps the low 32 bits. */
function timeOf(ms: number, nowMs: number): number {
  return Math.max(nowMs - REACH_MS, Math.min(nowMs + REACH_MS, ms)) | 0;
}

function isDue(time: number, nowMs: number): boolean {
  return (((nowMs | 0) - time) | 0) >= 0;
}

function earlier(a: number, b: number): number {
  return ((a - b) | 0) < 0 ? a : b;
}

function doubled(table: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * table.length);
  larger.set(table);
  return larger;
}

/**
 * Finds rows by key: extendible hashing, whose buckets ("segments") are open-addressing tables in the arena.
 * Source: Fagin et al. 1979, "Extendible hashing".
 *
 *   directory   2^d x (address, capacity) of segments, by the top d bits of the hash; neighbours may share a
 *               segment. The capacity stands here so that finding a row takes one look at its segment, not two
 *   segment     word 0  the hash bits its rows share, and in the low byte how many of them
 *               word 1  kind, size
 *               word 2  rows
 *               word 3  capacity
 *               ...     capacity x (hash, address); address 0 is a free place
 *
 * A segment grows by steps of a quarter, then splits: at most about 2,000 rows are moved at a time, and the load
 * stays between about 0.6 and 0.85 whatever the number of rows. A row stands at or (circularly) after
 * home = low 16 bits of the hash * capacity / 2^16, with no free place between.
 *
 * Hot: every GET and SET; watched by bench/memory-engine.ts.
 */
import { assert } from "../../base/assert.ts";
import type { RowKey } from "../row-key.ts";
import type { Arena } from "./arena.ts";
import { blockWord, EXPIRING, KIND_SEGMENT, LONG_KEY, REGION_MASK, REGION_SHIFT, unitsAt } from "./block.ts";

const HEADER_WORDS = 4;
const CAPACITY_MIN = 16;
/** A full segment of at least this capacity splits rather than grows. */
const SPLIT_CAPACITY = 1900;
const LOAD_MAX = 0.85;
const LOAD_NEW = 0.68;
const LOAD_MIN = 0.3;
/** Past this depth segments only grow: so alike, hashes are chosen by an adversary. */
const DEPTH_MAX = 22;
const HOME_BITS = 16;

/** Rows, each with its hash. */
export interface RowSample {
  readonly hashes: Int32Array;
  readonly addresses: Int32Array;
}

export class HashIndex {
  readonly #arena: Arena;
  readonly #words: readonly Int32Array[];
  #directory = new Int32Array(0);
  #depth = 0;
  #rowCount = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#words = arena.words;
    this.#begin();
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get directoryBytes(): number {
    return this.#directory.byteLength;
  }

  /** Address of the key's row, or 0. */
  find(key: RowKey): number {
    const hash = key.hash;
    const entry = (hash >>> (32 - this.#depth)) << 1;
    const segment = this.#directory[entry]!;
    const capacity = this.#directory[entry + 1]!;
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const first = ((segment & REGION_MASK) << 1) + HEADER_WORDS;
    const end = first + 2 * capacity;
    let place = first + 2 * (((hash & 0xffff) * capacity) >>> HOME_BITS);
    for (;;) {
      const address = words[place + 1]!;
      if (address === 0) return 0;
      if (words[place] === hash && this.#isRowOf(address, key)) return address;
      place += 2;
      if (place === end) place = first;
    }
  }

  /** Requires: no row of this key is in the index. */
  insert(hash: number, address: number): void {
    let segment = this.#segmentOf(hash);
    while (this.#isFull(segment)) {
      this.#makePlace(segment);
      segment = this.#segmentOf(hash);
    }
    this.#place(segment, hash, address);
    this.#rowCount++;
  }

  /** True if the row at `address` is in the index under `hash`. */
  has(hash: number, address: number): boolean {
    return this.#placeOf(this.#segmentOf(hash), hash, address) >= 0;
  }

  /** The row has moved. */
  replace(hash: number, from: number, to: number): void {
    const segment = this.#segmentOf(hash);
    const place = this.#placeOf(segment, hash, from);
    assert(place >= 0, "a row that moves is in the index");
    this.#words[segment >>> REGION_SHIFT]![place + 1] = to;
  }

  /** Requires: the row is in the index. */
  remove(hash: number, address: number): void {
    const segment = this.#segmentOf(hash);
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    const place = this.#placeOf(segment, hash, address);
    assert(place >= 0, "a row that goes is in the index");
    this.#closeGap(words, at, place);
    const rows = words[at + 2]! - 1;
    words[at + 2] = rows;
    this.#rowCount--;
    const capacity = words[at + 3]!;
    if (rows < capacity * LOAD_MIN && capacity > CAPACITY_MIN) this.#shrink(segment);
  }

  /**
   * Draws rows, as many as `into` has places for: the ones that follow each other from a place chosen by two random
   * numbers of 32 bits. Neighbours in the index have nothing else in common. Returns how many it found.
   */
  sample(random1: number, random2: number, into: RowSample): number {
    const segment = this.#segmentOf(random1 | 0);
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const first = ((segment & REGION_MASK) << 1) + HEADER_WORDS;
    const capacity = words[first - 1]!;
    const wanted = into.addresses.length;
    let found = 0;
    let i = homeOf(random2, capacity);
    for (let seen = 0; seen < capacity && found < wanted; seen++) {
      const place = first + 2 * i;
      if (words[place + 1] !== 0) {
        into.hashes[found] = words[place]!;
        into.addresses[found] = words[place + 1]!;
        found++;
      }
      i = i + 1 === capacity ? 0 : i + 1;
    }
    return found;
  }

  /** The compactor has moved a segment. */
  segmentMoved(to: number): void {
    this.#enter(to);
  }

  /** Forgets all. Requires: the arena has been cleared. */
  clear(): void {
    this.#begin();
  }

  #begin(): void {
    this.#depth = 1;
    this.#rowCount = 0;
    this.#directory = new Int32Array(4);
    for (const prefix of [0, 1 << 31]) this.#enter(this.#createSegment(prefix, 1, CAPACITY_MIN));
  }

  #isRowOf(address: number, key: RowKey): boolean {
    const words = this.#words[address >>> REGION_SHIFT]!;
    const at = (address & REGION_MASK) << 1;
    const length = key.length;
    let place = at + 2 + ((words[at + 1]! & EXPIRING) === 0 ? 0 : 1);
    const short = words[at]! & 0xff;
    if (length < LONG_KEY) {
      if (short !== length) return false;
    } else if (short !== LONG_KEY || words[place++] !== length) return false;
    return key.isAt(words, place);
  }

  #segmentOf(hash: number): number {
    return this.#directory[(hash >>> (32 - this.#depth)) << 1]!;
  }

  #isFull(segment: number): boolean {
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    return words[at + 2]! + 1 > words[at + 3]! * LOAD_MAX;
  }

  #place(segment: number, hash: number, address: number): void {
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    const first = at + HEADER_WORDS;
    const capacity = words[at + 3]!;
    const end = first + 2 * capacity;
    let place = first + 2 * homeOf(hash, capacity);
    while (words[place + 1] !== 0) {
      place += 2;
      if (place === end) place = first;
    }
    words[place] = hash;
    words[place + 1] = address;
    words[at + 2]!++;
  }

  /** Word of the row's place, or -1. */
  #placeOf(segment: number, hash: number, address: number): number {
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    const first = at + HEADER_WORDS;
    const capacity = words[at + 3]!;
    const end = first + 2 * capacity;
    let place = first + 2 * homeOf(hash, capacity);
    for (;;) {
      const found = words[place + 1]!;
      if (found === 0) return -1;
      if (found === address && words[place] === hash) return place;
      place += 2;
      if (place === end) place = first;
    }
  }

  /** Moves back the rows after a removed one that would not be found beyond a free place. */
  #closeGap(words: Int32Array, at: number, removed: number): void {
    const first = at + HEADER_WORDS;
    const capacity = words[at + 3]!;
    let gap = (removed - first) >> 1;
    for (let i = gap; ; ) {
      i = i + 1 === capacity ? 0 : i + 1;
      const place = first + 2 * i;
      if (words[place + 1] === 0) break;
      const home = homeOf(words[place]!, capacity);
      const distance = i - home < 0 ? i - home + capacity : i - home;
      const toGap = i - gap < 0 ? i - gap + capacity : i - gap;
      if (distance < toGap) continue;
      words[first + 2 * gap] = words[place]!;
      words[first + 2 * gap + 1] = words[place + 1]!;
      gap = i;
    }
    words[first + 2 * gap + 1] = 0;
  }

  #makePlace(segment: number): void {
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    const capacity = words[at + 3]!;
    const depth = words[at]! & 0xff;
    if (capacity >= SPLIT_CAPACITY && depth < DEPTH_MAX) this.#split(segment);
    else this.#rebuild([segment], words[at]! & ~0xff, depth, Math.ceil(capacity * 1.25));
  }

  #split(segment: number): void {
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    const depth = (words[at]! & 0xff) + 1;
    const prefix = words[at]! & ~0xff;
    if (depth > this.#depth) this.#doubleDirectory();
    const bit = 1 << (32 - depth);
    const upperRows = rowsWith(words, at, bit);
    this.#enter(this.#createSegment(prefix, depth, capacityFor(words[at + 2]! - upperRows)));
    this.#enter(this.#createSegment(prefix | bit, depth, capacityFor(upperRows)));
    this.#moveRows(segment);
  }

  #doubleDirectory(): void {
    const old = this.#directory;
    this.#depth++;
    this.#directory = new Int32Array(2 * old.length);
    for (let i = 0; i < this.#directory.length; i++) this.#directory[i] = old[((i >> 2) << 1) | (i & 1)]!;
  }

  /** Gives memory back: joins the segment with the other half of its parent, or makes it smaller. */
  #shrink(segment: number): void {
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    const depth = words[at]! & 0xff;
    const prefix = words[at]! & ~0xff;
    const bit = 1 << (32 - depth);
    const buddy = this.#segmentOf(prefix ^ bit);
    const buddyWords = this.#words[buddy >>> REGION_SHIFT]!;
    const buddyAt = (buddy & REGION_MASK) << 1;
    const rows = words[at + 2]! + buddyWords[buddyAt + 2]!;
    const isPair = depth > 1 && (buddyWords[buddyAt]! & 0xff) === depth && rows < SPLIT_CAPACITY * LOAD_MIN;
    if (isPair) this.#rebuild([segment, buddy], prefix & ~bit, depth - 1, capacityFor(rows));
    else this.#rebuild([segment], prefix, depth, capacityFor(words[at + 2]!));
  }

  #rebuild(segments: readonly number[], prefix: number, depth: number, capacity: number): void {
    this.#enter(this.#createSegment(prefix, depth, capacity));
    for (const segment of segments) this.#moveRows(segment);
  }

  /** Moves the rows of a segment that is no longer in the directory to the ones that are, and frees it. */
  #moveRows(segment: number): void {
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    const end = at + HEADER_WORDS + 2 * words[at + 3]!;
    for (let place = at + HEADER_WORDS; place < end; place += 2) {
      const address = words[place + 1]!;
      if (address !== 0) this.#place(this.#segmentOf(words[place]!), words[place]!, address);
    }
    this.#arena.free(segment, unitsAt(words, at));
  }

  #createSegment(prefix: number, depth: number, capacity: number): number {
    const wordCount = HEADER_WORDS + 2 * capacity;
    const segment = this.#arena.allocate(wordCount >>> 1);
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    words.fill(0, at, at + wordCount);
    words[at] = prefix | depth;
    words[at + 1] = blockWord(KIND_SEGMENT, wordCount >>> 1);
    words[at + 3] = capacity;
    return segment;
  }

  /** Points the directory's entries for the segment's prefix at it. */
  #enter(segment: number): void {
    const words = this.#words[segment >>> REGION_SHIFT]!;
    const at = (segment & REGION_MASK) << 1;
    const depth = words[at]! & 0xff;
    const first = (words[at]! & ~0xff) >>> (32 - this.#depth);
    const end = first + (1 << (this.#depth - depth));
    for (let i = first; i < end; i++) {
      this.#directory[2 * i] = segment;
      this.#directory[2 * i + 1] = words[at + 3]!;
    }
  }
}

function homeOf(hash: number, capacity: number): number {
  return ((hash & 0xffff) * capacity) >>> HOME_BITS;
}

function capacityFor(rowCount: number): number {
  return Math.max(CAPACITY_MIN, Math.ceil(rowCount / LOAD_NEW));
}

/** How many rows of the segment have the bit in their hash. */
function rowsWith(words: Int32Array, at: number, bit: number): number {
  const end = at + HEADER_WORDS + 2 * words[at + 3]!;
  let rows = 0;
  for (let place = at + HEADER_WORDS; place < end; place += 2) {
    if (words[place + 1] !== 0 && (words[place]! & bit) !== 0) rows++;
  }
  return rows;
}

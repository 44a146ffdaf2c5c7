/**
 * Row key: the order of rows in every engine, and the slot, database and scan position of each.
 * DO NOT CHANGE: it is on disk. Hot: encoded once per command; watched by `bench -- redis`.
 *
 *   offset  size  field
 *        0     2  slot       big-endian, 0..16383
 *        2     1  database   0..15
 *        3     2  position   big-endian: FNV-1a of the key, mixed; the order inside a slot
 *        5   1-3  keyLength  LEB128
 *          ...    key
 *          ...    element    empty for a plain value
 *
 * The position makes SCAN's cursor stateless: a cursor is (slot, position), and the few keys that share
 * both are always returned together.
 */
import { assert } from "../base/assert.ts";
import { compareBytes } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { crc16Step, crc16Steps, OPEN_BRACE, SLOT_COUNT, slotOf } from "../ring/slot.ts";

export const KEY_BYTES_MAX = 64 * 1024;
export const POSITION_COUNT = 0x1_0000;
const HEADER_BYTES = 5;
const LENGTH_BYTES_MAX = 3;
const PADDING_BYTES = 3;
/** Away from the key's first byte, or keys of two databases that differ in it would have one hash. */
const DATABASE_SHIFT = 24;
/** A key that is no longer begins at byte 6: its third byte begins a word. */
const SHORT_KEY_BYTES_MAX = 0x7f;
const SHORT_KEY_AT = 6;
/** Of the first two words, what depends on neither slot nor position: the database; the length and two bytes of the key. */
const DATABASE_MASK = wordOf(0, 0, 0xff, 0);
const SECOND_MASK = wordOf(0, 0xff, 0xff, 0xff);
const IS_LITTLE_ENDIAN = DATABASE_MASK === 0xff_0000;

/**
 * A row key in a buffer that its owner reuses: copy `bytes[0, length)` to keep it. Slot and position, which cost more
 * than all the rest, are not computed before somebody wants the whole row key: a row in memory is found without.
 */
export class RowKey {
  length = 0;
  /** 32 bits of the whole row key, as a signed number; equal for equal row keys of one seed. */
  hash = 0;
  readonly seed: number;
  #bytes = new Uint8Array(256);
  #words = new Int32Array(this.#bytes.buffer);
  #isPlaced = true;
  #keyStart = 0;
  /** The first two words under their masks. */
  #first = 0;
  #second = 0;

  /** `seed` is a secret 32-bit number, one per engine, so that nobody can choose keys that collide in its index. */
  constructor(seed: number) {
    this.seed = seed | 0;
  }

  get bytes(): Uint8Array {
    if (!this.#isPlaced) this.#place();
    return this.#bytes;
  }

  /** As `bytes`, where only the database and the key, from `keyStart` on, need be there yet. */
  get unplacedBytes(): Uint8Array {
    return this.#bytes;
  }

  get keyStart(): number {
    return this.#keyStart;
  }

  /** The same bytes as whole words: of the last word, the bytes past `length` are zero. */
  get words(): Int32Array {
    if (!this.#isPlaced) this.#place();
    return this.#words;
  }

  /** True if this row key stands in `words` from `at` on. Requires: what stands there is a row key as long. */
  isAt(words: Int32Array, at: number): boolean {
    if ((words[at]! & DATABASE_MASK) !== this.#first) return false;
    if ((words[at + 1]! & SECOND_MASK) !== this.#second) return false;
    const own = this.#words;
    const wordCount = (this.length + 3) >>> 2;
    for (let i = 2; i < wordCount; i++) if (words[at + i] !== own[i]) return false;
    return true;
  }

  /**
   * Becomes the row key of `source[start, end)` in `database`. `view`, if there is one, is of the same bytes. Throws
   * StoreError INVALID_REQUEST if the key is longer than KEY_BYTES_MAX: clients choose keys, and not every way from
   * them to here looks at the length.
   */
  encode(database: number, source: Uint8Array, start: number, end: number, view?: DataView): void {
    const keyLength = end - start;
    if (view !== undefined && IS_LITTLE_ENDIAN && keyLength > 2 && keyLength <= SHORT_KEY_BYTES_MAX) {
      this.#encodeWords(database, view, start, end);
      return;
    }
    if (keyLength > KEY_BYTES_MAX) throw keyTooLong();
    this.reserve(HEADER_BYTES + LENGTH_BYTES_MAX + keyLength);
    const bytes = this.#bytes;
    let at = HEADER_BYTES;
    let rest = keyLength;
    while (rest > 0x7f) {
      bytes[at++] = rest | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    const keyStart = at;
    for (let i = start; i < end; i++) bytes[at++] = source[i]!;
    bytes[2] = database;
    this.finish(keyStart, at);
    this.#isPlaced = false;
  }

  /** Makes room for a row key of so many bytes; what is there is lost. For whoever writes the bytes itself. */
  protected reserve(lengthMax: number): void {
    if (this.#bytes.length >= lengthMax + PADDING_BYTES) return;
    this.#bytes = new Uint8Array(8 * Math.ceil((lengthMax + PADDING_BYTES) / 4));
    this.#words = new Int32Array(this.#bytes.buffer);
  }

  /** Ends what `reserve` began: the first `length` bytes are there, the key from `keyStart` on. */
  protected finish(keyStart: number, length: number): void {
    const bytes = this.#bytes;
    bytes[length] = 0;
    bytes[length + 1] = 0;
    bytes[length + 2] = 0;
    this.length = length;
    this.#keyStart = keyStart;
    this.#first = this.#words[0]! & DATABASE_MASK;
    this.#second = this.#words[1]! & SECOND_MASK;
    this.hash = hashKey(bytes, keyStart, length, this.seed ^ (bytes[2]! << DATABASE_SHIFT));
  }

  /** As the end of `encode`, without a look at single bytes. The hash is that of `hashKey`. */
  #encodeWords(database: number, view: DataView, start: number, end: number): void {
    const words = this.#words;
    const pair = view.getUint16(start, true);
    const seeded = this.seed ^ (database << DATABASE_SHIFT);
    let even = Math.imul(seeded ^ pair, HASH_PRIME);
    let odd = oddBasis(seeded, end - start);
    let word = 2;
    let at = start + 2;
    for (; at + 4 <= end; at += 4) {
      const four = view.getInt32(at, true);
      words[word++] = four;
      odd = Math.imul(odd ^ (four & 0xffff), HASH_PRIME);
      even = Math.imul(even ^ (four >>> 16), HASH_PRIME);
    }
    if (at < end) {
      let rest = view.getUint8(at);
      if (at + 1 < end) rest |= view.getUint8(at + 1) << 8;
      if (at + 2 < end) rest |= view.getUint8(at + 2) << 16;
      words[word] = rest;
      odd = Math.imul(odd ^ (rest & 0xffff), HASH_PRIME);
      even = Math.imul(even ^ (rest >>> 16), HASH_PRIME);
    }
    this.#first = database << 16;
    this.#second = ((end - start) << 8) | (pair << 16);
    words[0] = this.#first;
    words[1] = this.#second;
    this.length = SHORT_KEY_AT + end - start;
    this.#keyStart = SHORT_KEY_AT;
    this.hash = joined(even, odd);
    this.#isPlaced = false;
  }

  /** Computes slot and position. */
  #place(): void {
    const bytes = this.#bytes;
    const end = this.length;
    let crc = 0;
    let position = FNV_BASIS;
    let hasBrace = false;
    let i = this.#keyStart;
    for (; i + 1 < end; i += 2) {
      const byte1 = bytes[i]!;
      const byte2 = bytes[i + 1]!;
      if (byte1 === OPEN_BRACE || byte2 === OPEN_BRACE) hasBrace = true;
      crc = crc16Steps(crc, byte1, byte2);
      position = Math.imul(Math.imul(position ^ byte1, FNV_PRIME) ^ byte2, FNV_PRIME);
    }
    if (i < end) {
      const byte = bytes[i]!;
      if (byte === OPEN_BRACE) hasBrace = true;
      crc = crc16Step(crc, byte);
      position = Math.imul(position ^ byte, FNV_PRIME);
    }
    const slot = hasBrace ? slotOf(bytes, this.#keyStart, end) : crc & (SLOT_COUNT - 1);
    position = mix(position);
    bytes[0] = slot >> 8;
    bytes[1] = slot;
    bytes[3] = position >>> 8;
    bytes[4] = position;
    this.#isPlaced = true;
  }

  /** Becomes a copy of an encoded row key, as an iterator or another node gave it. */
  load(source: Uint8Array, start: number, end: number): void {
    const key = keyRange(source, start);
    this.encode(source[start + 2]!, source, key.start, key.end);
    assert(this.length === end - start, "row keys with an element are not loaded this way");
  }

  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** Where the key lies in a row key that starts at `start` of `bytes`. */
export function keyRange(bytes: Uint8Array, start: number): { start: number; end: number } {
  let at = start + HEADER_BYTES;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return { start: at, end: at + length };
}

/** The first row key that SCAN may meet from (slot, database, position) on. */
export function scanStart(slot: number, database: number, position: number): Uint8Array {
  return Uint8Array.of(slot >> 8, slot, database, position >> 8, position);
}

export function slotOfRow(bytes: Uint8Array, start: number): number {
  return (bytes[start]! << 8) | bytes[start + 1]!;
}

/** Of rows that are one node's alone: they are in no Merkle sum. */
export const OWN_DATABASE = 255;

export function databaseOfRow(bytes: Uint8Array, start: number): number {
  return bytes[start + 2]!;
}

export function positionOfRow(bytes: Uint8Array, start: number): number {
  return (bytes[start + 3]! << 8) | bytes[start + 4]!;
}

/**
 * The `hash` that a RowKey of `seed` has for the row key `bytes[start, end)`, which has no element. Agrees with
 * `#encodeWords`: change both.
 */
export function hashRow(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let at = start + HEADER_BYTES;
  while (bytes[at]! > 0x7f) at++;
  return hashKey(bytes, at + 1, end, seed ^ (databaseOfRow(bytes, start) << DATABASE_SHIFT));
}

export const compareRowKeys = compareBytes;

const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const HASH_PRIME = 0x9e3779b1 | 0;

/**
 * As FNV-1a, but of pairs of bytes, and two hashes side by side, which do not wait for each other: one has the first
 * pair and every other one after it, the other the rest. A difference of two keys that one pair makes grows beyond
 * what another could take back, so that colliding keys cannot be told without the seed.
 */
function hashKey(bytes: Uint8Array, start: number, end: number, seeded: number): number {
  let even = Math.imul(seeded ^ pairAt(bytes, start, end), HASH_PRIME);
  let odd = oddBasis(seeded, end - start);
  for (let at = start + 2; at < end; at += 4) {
    odd = Math.imul(odd ^ pairAt(bytes, at, end), HASH_PRIME);
    even = Math.imul(even ^ pairAt(bytes, at + 2, end), HASH_PRIME);
  }
  return joined(even, odd);
}

/** As if zeros followed: the length tells keys apart that differ in them. */
function pairAt(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  return at + 1 < end ? bytes[at]! | (bytes[at + 1]! << 8) : bytes[at]!;
}

function oddBasis(seeded: number, keyLength: number): number {
  return ~seeded ^ (keyLength << 16);
}

function joined(even: number, odd: number): number {
  return mix(Math.imul(even ^ (even >>> 16), 0x85ebca6b) ^ odd);
}

/** Of four bytes in memory. */
function wordOf(...bytes: number[]): number {
  return new Int32Array(Uint8Array.from(bytes).buffer)[0]!;
}

function keyTooLong(): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", `key is longer than ${KEY_BYTES_MAX} bytes`);
}

/** The finalizer of MurmurHash3: every input bit reaches every output bit. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16); // signed: half of the unsigned ones do not fit a small integer, and would be boxed
}

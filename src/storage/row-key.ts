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

/** A row key in a buffer that its owner reuses: copy `bytes[0, length)` to keep it. */
export class RowKey {
  bytes = new Uint8Array(256);
  /** The same bytes as whole words: of the last word, the bytes past `length` are zero. */
  words = new Int32Array(this.bytes.buffer);
  length = 0;
  /** 32 bits of the whole row key, as a signed number; equal for equal row keys of one seed. */
  hash = 0;
  readonly seed: number;

  /** `seed` is a secret 32-bit number, one per engine, so that nobody can choose keys that collide in its index. */
  constructor(seed: number) {
    this.seed = seed | 0;
  }

  /**
   * Becomes the row key of `source[start, end)` in `database`. Throws StoreError INVALID_REQUEST if the key is
   * longer than KEY_BYTES_MAX: clients choose keys, and not every way from them to here looks at the length.
   */
  encode(database: number, source: Uint8Array, start: number, end: number): void {
    const keyLength = end - start;
    if (keyLength > KEY_BYTES_MAX) throw keyTooLong();
    const lengthMax = HEADER_BYTES + LENGTH_BYTES_MAX + keyLength + PADDING_BYTES;
    if (this.bytes.length < lengthMax) {
      this.bytes = new Uint8Array(8 * Math.ceil(lengthMax / 4));
      this.words = new Int32Array(this.bytes.buffer);
    }
    const bytes = this.bytes;
    let at = HEADER_BYTES;
    let rest = keyLength;
    while (rest > 0x7f) {
      bytes[at++] = rest | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    let crc = 0;
    let stable = FNV_BASIS;
    let seeded = this.seed ^ (database << DATABASE_SHIFT);
    let hasBrace = false;
    let i = start;
    for (; i + 1 < end; i += 2) {
      const byte1 = source[i]!;
      const byte2 = source[i + 1]!;
      if (byte1 === OPEN_BRACE || byte2 === OPEN_BRACE) hasBrace = true;
      bytes[at] = byte1;
      bytes[at + 1] = byte2;
      at += 2;
      crc = crc16Steps(crc, byte1, byte2);
      stable = Math.imul(Math.imul(stable ^ byte1, FNV_PRIME) ^ byte2, FNV_PRIME);
      seeded = Math.imul(Math.imul(seeded ^ byte1, FNV_PRIME) ^ byte2, FNV_PRIME);
    }
    if (i < end) {
      const byte = source[i]!;
      if (byte === OPEN_BRACE) hasBrace = true;
      bytes[at++] = byte;
      crc = crc16Step(crc, byte);
      stable = Math.imul(stable ^ byte, FNV_PRIME);
      seeded = Math.imul(seeded ^ byte, FNV_PRIME);
    }
    const slot = hasBrace ? slotOf(source, start, end) : crc & (SLOT_COUNT - 1);
    const position = mix(stable);
    bytes[0] = slot >> 8;
    bytes[1] = slot;
    bytes[2] = database;
    bytes[3] = position >>> 8;
    bytes[4] = position;
    bytes[at] = 0;
    bytes[at + 1] = 0;
    bytes[at + 2] = 0;
    this.length = at;
    this.hash = mix(seeded);
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
 * `encode`: change both.
 */
export function hashRow(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let at = start + HEADER_BYTES;
  while (bytes[at]! > 0x7f) at++;
  let seeded = seed ^ (databaseOfRow(bytes, start) << DATABASE_SHIFT);
  for (let i = at + 1; i < end; i++) seeded = Math.imul(seeded ^ bytes[i]!, FNV_PRIME);
  return mix(seeded);
}

export const compareRowKeys = compareBytes;

const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

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

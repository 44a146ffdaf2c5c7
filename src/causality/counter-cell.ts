/**
 * Counters: cells in the general form of one actor's increments, beside at most one value that is a number, or none.
 * Read and counted up in place, without decoding; whatever else a cell may be is left to the codec.
 *
 * A count changes three numbers of the cell and its total. Numbers are LEB128, so the cell keeps its length unless one
 * of them grows by a byte, once in a long while: then too it is left to the codec.
 *
 * Hot: once per INCR, and per GET of a counter; nothing here allocates.
 */
import { varintBytes } from "./byte-cursor.ts";
import { NEVER } from "./cell.ts";
import { GENERAL_EXPIRY_FLAG, GENERAL_FORMAT } from "./cell-codec.ts";
import { writeVarint } from "./compact-change.ts";
import { readUint48 } from "./fixed-integer.ts";

const ACTOR_BYTES = 8;
const INCREMENT_FLAG = 0x01;
const SIBLING_EXPIRY_FLAG = 0x02;
const TWO_32 = 0x1_0000_0000;
/** Of a total, the high word of which says that it is a safe integer, with room to add two of them. */
const HIGH_MAX = 2 ** 20;
/** Digits of a base that is a safe integer, with the same room. */
const DIGITS_MAX = 15;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Fields are those of the cell that `read` has read. */
export class CounterCell {
  /** What the counter shows: a safe integer. */
  value = 0;
  /** NEVER, or the time from which on it shows nothing. */
  expiresAtMs = NEVER;

  #bytes: Uint8Array = new Uint8Array(0);
  /** Where reading is: `#varint` moves it. */
  #at = 0;
  #total = 0;
  #contextCounterAt = 0;
  #counterAt = 0;
  #lengthAt = 0;
  #totalAt = 0;
  #counter = 0;
  #length = 0;

  /** True if `bytes[start, end)` is a counter whose numbers are safe integers. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < 2 || bytes[start] !== GENERAL_FORMAT) return false;
    this.#bytes = bytes;
    const flags = bytes[start + 1]!;
    if (flags > GENERAL_EXPIRY_FLAG) return false;
    const expires = flags === GENERAL_EXPIRY_FLAG;
    this.expiresAtMs = expires ? readUint48(bytes, start + 2) : NEVER;
    this.#at = start + (expires ? 8 : 2);
    if (bytes[this.#at++] !== 1) return false; // context of one actor
    this.#contextCounterAt = this.#at + ACTOR_BYTES;
    this.#at = this.#contextCounterAt;
    this.#varint();
    if (bytes[this.#at++] !== 0) return false; // nothing absorbed
    const siblingCount = bytes[this.#at++]!;
    if (siblingCount === 1) return this.#readIncrement(0);
    if (siblingCount !== 2) return false;
    const base = this.#readBase();
    return !Number.isNaN(base) && this.#readIncrement(base);
  }

  isExpired(wallMs: number): boolean {
    return this.expiresAtMs !== NEVER && this.expiresAtMs <= wallMs;
  }

  /** True if `count` can be called: `actorBytes` is the actor's own counter, and no number becomes longer. */
  canCount(by: number, actorBytes: Uint8Array, counter: number): boolean {
    const bytes = this.#bytes;
    const actorAt = this.#contextCounterAt - ACTOR_BYTES;
    for (let i = 0; i < ACTOR_BYTES; i++) if (bytes[actorAt + i] !== actorBytes[i]) return false;
    const length = this.#length + counter - this.#counter;
    return (
      Number.isSafeInteger(by) &&
      Number.isSafeInteger(this.value + by) &&
      Number.isSafeInteger(this.#total + by) &&
      counter > this.#counter &&
      varintBytes(counter) === varintBytes(this.#counter) &&
      varintBytes(length) === varintBytes(this.#length)
    );
  }

  /** Counts `by` more, as the actor's write number `counter`, where the cell is; `value` is then the new one. */
  count(by: number, counter: number): void {
    const bytes = this.#bytes;
    writeVarint(bytes, this.#contextCounterAt, counter);
    writeVarint(bytes, this.#counterAt, counter);
    writeVarint(bytes, this.#lengthAt, this.#length + counter - this.#counter);
    writeInt64(bytes, this.#totalAt, this.#total + by);
    this.value += by;
  }

  /** The number that the first of two siblings says, or NaN. */
  #readBase(): number {
    const bytes = this.#bytes;
    this.#varint(); // entry
    this.#varint(); // counter
    const kind = bytes[this.#at++]!;
    if ((kind & INCREMENT_FLAG) !== 0) return Number.NaN;
    this.#varint(); // wallMs
    this.#varint(); // logical
    if ((kind & SIBLING_EXPIRY_FLAG) !== 0) this.#varint();
    const length = this.#varint();
    const start = this.#at;
    this.#at += length;
    return integerOf(bytes, start, this.#at);
  }

  /** The last sibling. */
  #readIncrement(base: number): boolean {
    const bytes = this.#bytes;
    this.#varint(); // entry
    this.#counterAt = this.#at;
    this.#counter = this.#varint();
    // A value may have been written after the increments: then the context speaks of that.
    const contextCounter = this.#varintAt(this.#contextCounterAt);
    const kind = bytes[this.#at++]!;
    if ((kind & INCREMENT_FLAG) === 0 || contextCounter !== this.#counter) return false;
    this.#varint(); // wallMs
    this.#varint(); // logical
    if ((kind & SIBLING_EXPIRY_FLAG) !== 0) this.#varint();
    this.#lengthAt = this.#at;
    this.#length = this.#varint();
    this.#totalAt = this.#at;
    const high = int32At(bytes, this.#at);
    if (high < -HIGH_MAX || high >= HIGH_MAX) return false;
    this.#total = high * TWO_32 + (int32At(bytes, this.#at + 4) >>> 0);
    this.value = base + this.#total;
    return true;
  }

  #varintAt(at: number): number {
    const resumeAt = this.#at;
    this.#at = at;
    const value = this.#varint();
    this.#at = resumeAt;
    return value;
  }

  #varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#at++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
    }
    return value;
  }
}

/** The whole number that `bytes[start, end)` says in the one way Redis writes it, or NaN if it is none or a long one. */
export function integerOf(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  let at = isNegative ? start + 1 : start;
  if (end <= at || end - at > DIGITS_MAX) return Number.NaN;
  if (bytes[at] === ZERO) return end - start === 1 ? 0 : Number.NaN;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

/** Big-endian. */
function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** Big-endian. Requires: a safe integer. */
function writeInt64(bytes: Uint8Array, at: number, value: number): void {
  const low = value >>> 0;
  const high = Math.floor(value / TWO_32);
  bytes[at] = high >>> 24;
  bytes[at + 1] = high >>> 16;
  bytes[at + 2] = high >>> 8;
  bytes[at + 3] = high;
  bytes[at + 4] = low >>> 24;
  bytes[at + 5] = low >>> 16;
  bytes[at + 6] = low >>> 8;
  bytes[at + 7] = low;
}

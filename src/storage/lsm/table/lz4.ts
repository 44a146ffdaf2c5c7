/**
 * The LZ4 block format: fast packing of short byte strings. Anybody's LZ4 unpacks what this packs, and the other way.
 * Source: LZ4 Block Format Description, lz4.org (Yann Collet).
 *
 *   sequence   token (high 4 bits: literal length, low 4 bits: match length - 4; 15 goes on in bytes of 255)
 *              literals
 *              offset (2 bytes, little-endian): how far back the match lies
 *   The last sequence ends after its literals. The last 5 bytes are literals; no match begins in the last 12.
 *
 * Hot in flush, compaction and cache misses; watched by bench/table.ts.
 */
import { assert } from "../../../base/assert.ts";

const MATCH_MIN = 4;
const LAST_LITERALS = 5;
const MATCH_START_LIMIT = 12;
const OFFSET_MAX = 0xffff;
const HASH_BITS = 12;
/** After so many (2^n) failed searches in a row, one more byte is leapt at a time: random bytes pass quickly. */
const SKIP_SHIFT = 4;

/** No packing makes more of so many bytes. */
export function lz4BytesMax(length: number): number {
  return length + Math.floor(length / 255) + 16;
}

export class Lz4Packer {
  /** Where a hash of four bytes was seen last, as `#base` plus the place: older entries are below the base. */
  readonly #seen = new Int32Array(1 << HASH_BITS);
  #base = 1;

  /**
   * Packs the whole of `source` into `target` and returns the length, or 0 if that were more than `limit`.
   * Requires: `target` has lz4BytesMax(source.length) bytes.
   */
  pack(source: Uint8Array, target: Uint8Array, limit: number): number {
    assert(target.length >= lz4BytesMax(source.length), "the target is too short");
    if (this.#base + source.length > 0x7fff_ffff) {
      this.#seen.fill(0);
      this.#base = 1;
    }
    const length = packInto(source, target, this.#seen, this.#base);
    this.#base += source.length;
    return length > limit ? 0 : length;
  }
}

function packInto(source: Uint8Array, target: Uint8Array, seen: Int32Array, base: number): number {
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  const matchLimit = source.length - LAST_LITERALS;
  const startLimit = source.length - MATCH_START_LIMIT;
  let anchor = 0;
  let to = 0;
  let misses = 1 << SKIP_SHIFT;
  for (let at = 0; at < startLimit; ) {
    const word = view.getInt32(at, true);
    const hash = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const from = seen[hash]! - base;
    seen[hash] = at + base;
    if (from < 0 || at - from > OFFSET_MAX || view.getInt32(from, true) !== word) {
      at += misses++ >>> SKIP_SHIFT;
      continue;
    }
    misses = 1 << SKIP_SHIFT;
    let start = at;
    let back = from;
    while (start > anchor && back > 0 && source[start - 1] === source[back - 1]) {
      start--;
      back--;
    }
    let end = at + MATCH_MIN;
    let other = from + MATCH_MIN;
    while (end + 4 <= matchLimit && view.getInt32(end, true) === view.getInt32(other, true)) {
      end += 4;
      other += 4;
    }
    while (end < matchLimit && source[end] === source[other]) {
      end++;
      other++;
    }
    to = writeLiterals(source, anchor, start, target, to, Math.min(end - start - MATCH_MIN, 15));
    target[to++] = start - back;
    target[to++] = (start - back) >>> 8;
    to = writeRest(target, to, end - start - MATCH_MIN);
    anchor = end;
    at = end;
  }
  return writeLiterals(source, anchor, source.length, target, to, 0);
}

/** Token, length and bytes of the literals `source[start, end)`; returns where what follows them goes. */
function writeLiterals(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  matchNibble: number,
): number {
  const length = end - start;
  target[at] = (Math.min(length, 15) << 4) | matchNibble;
  let to = writeRest(target, at + 1, length);
  if (length > 64) {
    target.set(source.subarray(start, end), to);
    return to + length;
  }
  for (let i = start; i < end; i++) target[to++] = source[i]!;
  return to;
}

/** What of a length does not fit into its half of the token. */
function writeRest(target: Uint8Array, at: number, length: number): number {
  let to = at;
  let rest = length - 15;
  if (rest < 0) return to;
  for (; rest >= 255; rest -= 255) target[to++] = 255;
  target[to++] = rest;
  return to;
}

/**
 * Fills `target` with what was packed into `source`; false if `source` is not the packing of exactly so many bytes.
 * Never reads or writes outside of the two, whatever the bytes.
 */
export function unpackLz4(source: Uint8Array, target: Uint8Array): boolean {
  const from32 = new DataView(source.buffer, source.byteOffset, source.length);
  const to32 = new DataView(target.buffer, target.byteOffset, target.length);
  let from = 0;
  let to = 0;
  while (from < source.length) {
    const token = source[from++]!;
    let length = token >>> 4;
    if (length === 15) {
      let byte = 255;
      for (; byte === 255 && from < source.length; length += byte) byte = source[from++]!;
    }
    if (length > source.length - from || length > target.length - to) return false;
    let end = to + length;
    for (; to + 4 <= end; to += 4, from += 4) to32.setInt32(to, from32.getInt32(from, true), true);
    while (to < end) target[to++] = source[from++]!;
    if (from === source.length) return to === target.length;
    if (from + 2 > source.length) return false;
    const offset = source[from]! | (source[from + 1]! << 8);
    from += 2;
    length = (token & 15) + MATCH_MIN;
    if (length === 15 + MATCH_MIN) {
      let byte = 255;
      for (; byte === 255 && from < source.length; length += byte) byte = source[from++]!;
    }
    if (offset === 0 || offset > to || length > target.length - to) return false;
    end = to + length;
    // A match may overlap what it makes: what is copied at once must be there before.
    if (offset >= 4) for (; to + 4 <= end; to += 4) to32.setInt32(to, to32.getInt32(to - offset, true), true);
    for (; to < end; to++) target[to] = target[to - offset]!;
  }
  return false; // an empty source, or one that ends after a match
}

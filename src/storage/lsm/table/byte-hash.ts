/**
 * A 64-bit hash of byte strings, in two 32-bit lanes, that is the same for ever and everywhere: Bloom filters on disk
 * and Merkle sums on disk and on the wire are made of it.
 * DO NOT CHANGE: another function is another format version of both.
 * Source: after MurmurHash3 (Austin Appleby): each lane's round is its 32-bit round, the second lane takes in the
 * first, and both end in its finalizer.
 *
 * Not secret: whoever wants to can make strings that collide.
 *
 * Hot: once per row written and once per get that reaches a table; watched by bench/table.ts.
 */

/** 64 bits as two signed 32-bit numbers (so that they are kept without allocating). Reused by its owner. */
export interface Hash64 {
  low: number;
  high: number;
}

/** Becomes the hash of `bytes[start, end)`. */
export function hashBytes(into: Hash64, bytes: Uint8Array, start: number, end: number): void {
  into.low = SEED_LOW;
  into.high = SEED_HIGH;
  absorb(into, bytes, start, end);
  finish(into);
}

/** Becomes the hash of two byte strings: another one for any other place of the border between them. */
export function hashPair(
  into: Hash64,
  first: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
  second: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
): void {
  into.low = PAIR_SEED_LOW;
  into.high = PAIR_SEED_HIGH;
  absorb(into, first.bytes, first.start, first.end);
  absorb(into, second.bytes, second.start, second.end);
  finish(into);
}

const SEED_LOW = 0x243f6a88; // pi, as everywhere
const SEED_HIGH = 0x85a308d3 | 0;
const PAIR_SEED_LOW = 0x13198a2e;
const PAIR_SEED_HIGH = 0x03707344;

/** Little-endian words, the last one filled up with zeros, then the length as one more word. */
function absorb(into: Hash64, bytes: Uint8Array, start: number, end: number): void {
  let low = into.low;
  let high = into.high;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    low ^= Math.imul(word, 0xcc9e2d51);
    low = (Math.imul((low << 13) | (low >>> 19), 5) + 0xe6546b64) | 0;
    high ^= Math.imul(word, 0x1b873593);
    high = (Math.imul((high << 17) | (high >>> 15), 9) + low) | 0;
  }
  let rest = 0;
  for (let shift = 0; at < end; at++, shift += 8) rest |= bytes[at]! << shift;
  low ^= Math.imul(rest, 0xcc9e2d51) ^ (end - start);
  low = (Math.imul((low << 13) | (low >>> 19), 5) + 0xe6546b64) | 0;
  high ^= Math.imul(rest, 0x1b873593) ^ (end - start);
  into.low = low;
  into.high = (Math.imul((high << 17) | (high >>> 15), 9) + low) | 0;
}

function finish(into: Hash64): void {
  const low = mix((into.low + into.high) | 0);
  const high = mix((into.high + Math.imul(low, 0x9e3779b1)) | 0);
  into.low = (low + high) | 0;
  into.high = high;
}

/** The finalizer of MurmurHash3: every input bit reaches every output bit. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

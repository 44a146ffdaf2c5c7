/**
 * CRC-32 (IEEE, as zlib's) of a run of bytes. Short runs are summed here, four bytes per step: calling out of the
 * engine costs more than they do. Hot: twice per frame; watched by `bench -- peer`.
 */
import { crc32 } from "node:zlib";

/** Longer runs are left to zlib. Measured: `bench -- peer`. */
const SHORT_BYTES_MAX = 256;
const POLYNOMIAL = 0xedb88320;

/** Four tables of 256, one after the other: what a byte adds that is 0..3 bytes ahead of the last one of its step. */
const TABLES = createTables();

/** The checksum of `bytes[start, end)`, as a signed 32-bit number. */
export function checksum(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > SHORT_BYTES_MAX) return crc32(bytes.subarray(start, end)) | 0;
  let state = -1;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    state ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    state =
      TABLES[768 + (state & 0xff)]! ^
      TABLES[512 + ((state >>> 8) & 0xff)]! ^
      TABLES[256 + ((state >>> 16) & 0xff)]! ^
      TABLES[state >>> 24]!;
  }
  for (; i < end; i++) state = TABLES[(state ^ bytes[i]!) & 0xff]! ^ (state >>> 8);
  return ~state;
}

function createTables(): Int32Array {
  const tables = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let state = byte;
    for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ POLYNOMIAL : state >>> 1;
    tables[byte] = state;
  }
  for (let i = 256; i < tables.length; i++) {
    const previous = tables[i - 256]!;
    tables[i] = tables[previous & 0xff]! ^ (previous >>> 8);
  }
  return tables;
}

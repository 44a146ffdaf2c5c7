/**
 * The commit log's file: a segment header, then batches of rows. A segment in memory (segment.ts) has the same bytes
 * at the same offsets, so that a log is replayed by reading it and walking its rows, without encoding anything again.
 * Shared by segment.ts and batch-walk.ts. DO NOT CHANGE: see docs/formats/commit-log.md.
 *
 *   segment header, 32 bytes
 *     offset  size  field
 *          0     8  magic       "KVORUM" 0x4c 0x0a
 *          8     4  version     1
 *         12     4  flags       1: when the segment was begun, everything older was cleared
 *         16     8  number      of the segment; rises for ever in one data directory
 *         24     4  stamp       any number; every batch of the file repeats it
 *         28     4  checksum    CRC-32 of the 28 bytes before it
 *
 *   batch: what one write to the disk brings; whole or not there
 *          0     4  checksum    CRC-32 of everything after it
 *          4     4  length      of the whole batch in bytes, this header included; a multiple of 4
 *          8     4  sequence    0 for a segment's first batch, then one more each time
 *         12     4  stamp       the segment's: what a client wrote to look like a batch is none
 *         16     4  durable     so many bytes of the file were known to be on the disk when the batch was made
 *         20   ...  rows; none in a batch that ends a file in order
 *
 *   row; every field starts at a multiple of 4
 *          0     4  keyLength   in bits 0-23; flags of what the row superseded in bits 24-31 (ROW_FLAG)
 *          4     4  cellLength
 *          8     8  superseded  version hash of the cell that this row took the place of; 0 if of none
 *         16     4  link        offset of the row before it in the same slot of this segment; 0 if there is none. If that
 *                               one has the same key: its link instead
 *         20   ...  row key, then zeros up to a multiple of 4; cell, then zeros up to a multiple of 4
 *
 * Numbers are little-endian.
 */
import { crc32 } from "node:zlib";

export const LOG_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 32;
export const BATCH_HEADER_BYTES = 20;
export const ROW_HEADER_BYTES = 20;
const MAGIC = Uint8Array.of(0x4b, 0x56, 0x4f, 0x52, 0x55, 0x4d, 0x4c, 0x0a);

/** What is known of the cell that a row superseded: enough to keep count of rows without reading it again. */
export const ROW_FLAG = { superseded: 1, supersededExpires: 2, supersededTombstone: 4 } as const;

const VERSION_AT = 8;
const FLAGS_AT = 12;
const CLEARS_OLDER = 1;
const NUMBER_AT = 16;
const STAMP_AT = 24;
const HEADER_CHECKSUM_AT = 28;

/** `stamp` is any 32 bits. `clearsOlder`: rows of older segments, and of tables made of them, count no more. */
export function encodeSegmentHeader(number: number, stamp: number, clearsOlder = false): Uint8Array {
  const header = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint32(VERSION_AT, LOG_VERSION, true);
  view.setUint32(FLAGS_AT, clearsOlder ? CLEARS_OLDER : 0, true);
  view.setUint32(NUMBER_AT, number % 2 ** 32, true);
  view.setUint32(NUMBER_AT + 4, Math.floor(number / 2 ** 32), true);
  view.setInt32(STAMP_AT, stamp, true);
  view.setUint32(HEADER_CHECKSUM_AT, crc32(header.subarray(0, HEADER_CHECKSUM_AT)), true);
  return header;
}

export type SegmentHeader =
  | {
      readonly kind: "valid";
      readonly number: number;
      readonly stamp: number;
      readonly clearsOlder: boolean;
    }
  | { readonly kind: "damaged" }
  | { readonly kind: "foreign"; readonly version: number };

/** Reads a header. "foreign": whole, but of a version that this program does not know. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader {
  if (bytes.length < SEGMENT_HEADER_BYTES) return { kind: "damaged" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return { kind: "damaged" };
  if (crc32(bytes.subarray(0, HEADER_CHECKSUM_AT)) !== view.getUint32(HEADER_CHECKSUM_AT, true)) {
    return { kind: "damaged" };
  }
  const version = view.getUint32(VERSION_AT, true);
  if (version !== LOG_VERSION) return { kind: "foreign", version };
  const number = view.getUint32(NUMBER_AT, true) + view.getUint32(NUMBER_AT + 4, true) * 2 ** 32;
  const clearsOlder = (view.getUint32(FLAGS_AT, true) & CLEARS_OLDER) !== 0;
  return { kind: "valid", number, stamp: view.getInt32(STAMP_AT, true), clearsOlder };
}

/** Bytes up to the next multiple of 4. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}

export function rowBytes(keyLength: number, cellLength: number): number {
  return ROW_HEADER_BYTES + padded(keyLength) + padded(cellLength);
}

/**
 * The manifest's file: a header, then records. The first record makes a whole version out of nothing, each later one
 * is an edit of what came before. Shared by manifest.ts and manifest-recovery.ts.
 * DO NOT CHANGE: see docs/formats/manifest.md to add a version.
 *
 *   header, 24 bytes
 *     offset  size  field
 *          0     8  magic       "KVORUM" 0x4d 0x0a
 *          8     4  version     1
 *         12     8  number      of the manifest, as in its name
 *         20     4  checksum    CRC-32 of the 20 bytes before it
 *
 *   record
 *          0     4  checksum    CRC-32 of everything after it
 *          4     4  length      of the whole record in bytes
 *          8     4  sequence    0, 1, 2, ... in one file
 *         12   ...  fields      each a tag (1 byte), then numbers in LEB128:
 *                     1 table added     number, level, age, horizonMs, fileBytes, checksum (4 bytes),
 *                                       properties (length, bytes: as in the table)
 *                     2 table removed   number
 *                     3 logs flushed    up to this number
 *                     4 next file       number
 *
 * Numbers are little-endian. A record is durable before the next one is written: so only the last can be torn. Every
 * edit is followed by a record without fields, which says so: then the edit cannot be the last.
 */
import { crc32 } from "node:zlib";
import { equalBytes } from "../../../base/bytes.ts";
import { ByteSink } from "../table/byte-sink.ts";
import { ByteSource, type Origin } from "../table/byte-source.ts";
import { corruption } from "../table/corruption.ts";
import { decodeProperties, encodeProperties } from "../table/table-properties.ts";
import { UnknownFormat } from "../table/unknown-format.ts";
import type { TableEntry } from "./table-entry.ts";
import type { VersionEdit } from "./version.ts";

export const MANIFEST_VERSION = 1;
export const MANIFEST_HEADER_BYTES = 24;
export const RECORD_HEADER_BYTES = 12;
const MAGIC = Uint8Array.of(0x4b, 0x56, 0x4f, 0x52, 0x55, 0x4d, 0x4d, 0x0a);
const VERSION_AT = 8;
const NUMBER_AT = 12;
const CHECKSUM_AT = 20;
const TAG = { tableAdded: 1, tableRemoved: 2, logsFlushed: 3, nextFile: 4 } as const;

export function encodeManifestHeader(number: number): Uint8Array {
  const header = new Uint8Array(MANIFEST_HEADER_BYTES);
  const view = viewOf(header);
  header.set(MAGIC);
  view.setUint32(VERSION_AT, MANIFEST_VERSION, true);
  view.setBigUint64(NUMBER_AT, BigInt(number), true);
  view.setUint32(CHECKSUM_AT, crc32(header.subarray(0, CHECKSUM_AT)), true);
  return header;
}

/** Throws StoreError CORRUPTION unless it is the header of manifest `number`; IO if of a later version. */
export function checkManifestHeader(bytes: Uint8Array, number: number, path: string): void {
  const isWhole = bytes.length >= MANIFEST_HEADER_BYTES && equalBytes(bytes.subarray(0, 8), MAGIC);
  if (!isWhole) throw corruption(path, 0, "there is no manifest header");
  const view = viewOf(bytes);
  if (crc32(bytes.subarray(0, CHECKSUM_AT)) !== view.getUint32(CHECKSUM_AT, true)) {
    throw corruption(path, 0, "the header's checksum does not match");
  }
  const version = view.getUint32(VERSION_AT, true);
  if (version !== MANIFEST_VERSION) throw new UnknownFormat(path, version, MANIFEST_VERSION);
  if (Number(view.getBigUint64(NUMBER_AT, true)) !== number) {
    throw corruption(path, NUMBER_AT, "this is another manifest than its name says");
  }
}

export function encodeRecord(sequence: number, edit: VersionEdit): Uint8Array {
  const sink = new ByteSink();
  sink.bytes(new Uint8Array(RECORD_HEADER_BYTES));
  encodeEdit(edit, sink);
  const record = sink.take();
  const view = viewOf(record);
  view.setUint32(4, record.length, true);
  view.setUint32(8, sequence, true);
  view.setUint32(0, crc32(record.subarray(4)), true);
  return record;
}

/** Length of the whole record at `at`, or undefined if there is none with that sequence or a later one. */
export function recordBytes(bytes: Uint8Array, at: number, sequence: number): number | undefined {
  if (bytes.length - at < RECORD_HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  const length = view.getUint32(at + 4, true);
  if (length < RECORD_HEADER_BYTES || length > bytes.length - at) return undefined;
  if (view.getUint32(at + 8, true) < sequence) return undefined;
  const isWhole = crc32(bytes.subarray(at + 4, at + length)) === view.getUint32(at, true);
  return isWhole ? length : undefined;
}

export function sequenceOf(bytes: Uint8Array, at: number): number {
  return viewOf(bytes).getUint32(at + 8, true);
}

/** The edit of a whole record. Throws StoreError CORRUPTION if it is not one that encodeRecord makes. */
export function decodeRecord(record: Uint8Array, origin: Origin): VersionEdit {
  const source = new ByteSource(record, origin);
  source.bytes(RECORD_HEADER_BYTES);
  const added: TableEntry[] = [];
  const removed: number[] = [];
  let flushedLog = 0;
  let nextFile = 0;
  while (source.remaining > 0) {
    const tag = source.number();
    if (tag === TAG.tableAdded) added.push(decodeTable(source, origin));
    else if (tag === TAG.tableRemoved) removed.push(source.number());
    else if (tag === TAG.logsFlushed) flushedLog = source.number();
    else if (tag === TAG.nextFile) nextFile = source.number();
    else source.fail(`there is no field ${tag}`);
  }
  return { added, removed, flushedLog, nextFile };
}

function encodeEdit(
  { added = [], removed = [], flushedLog = 0, nextFile = 0 }: VersionEdit,
  sink: ByteSink,
): void {
  for (const number of removed) {
    sink.number(TAG.tableRemoved);
    sink.number(number);
  }
  for (const table of added) {
    sink.number(TAG.tableAdded);
    encodeTable(table, sink);
  }
  if (flushedLog > 0) {
    sink.number(TAG.logsFlushed);
    sink.number(flushedLog);
  }
  if (nextFile > 0) {
    sink.number(TAG.nextFile);
    sink.number(nextFile);
  }
}

function encodeTable(table: TableEntry, sink: ByteSink): void {
  sink.number(table.number);
  sink.number(table.level);
  sink.number(table.age);
  sink.number(table.horizonMs);
  sink.number(table.fileBytes);
  sink.uint32(table.checksum);
  sink.string(encodeProperties(table.properties));
}

function decodeTable(source: ByteSource, origin: Origin): TableEntry {
  return {
    number: source.number(),
    level: source.number(),
    age: source.number(),
    horizonMs: source.number(),
    fileBytes: source.number(),
    checksum: source.uint32(),
    properties: decodeProperties(source.string(), origin),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

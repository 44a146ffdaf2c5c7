/**
 * A file of hints: cells that wait for one node. DO NOT CHANGE: docs/formats/hints.md says how versions are added.
 *
 *   header                                            hint
 *     offset  size  field                               offset  size  field
 *          0     8  magic     "KVORUM" 0x48 0x0a             0     4  checksum  CRC-32 of everything after it
 *          8     4  version   1                              4     4  stamp     the file's
 *         12     4  stamp     any number                     8     4  length    of the whole hint
 *         16     8  number    of the file                   12     6  addedMs   wall time when it was added
 *         24     4  length    of the target                 18     1  database
 *         28   ...  target    UTF-8                         19     1  0
 *        ...     4  checksum  CRC-32 of all before it       20     4  keyLength
 *                                                           24   ...  key, then the cell
 *
 * Numbers are little-endian. Hints are merged where they go, so that their order does not matter, nor that one comes
 * twice: whatever is whole in a file counts, also behind damage.
 */
import { crc32 } from "node:zlib";
import { toText, utf8 } from "../../base/bytes.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { KeyRef } from "../step.ts";

export const HINT_HEADER_BYTES = 24;
const HINTS_VERSION = 1;
const MAGIC = Uint8Array.of(0x4b, 0x56, 0x4f, 0x52, 0x55, 0x4d, 0x48, 0x0a);
const TARGET_AT = 28;
const CHECKSUM_BYTES = 4;

export interface Hint {
  readonly addedMs: number;
  readonly ref: KeyRef;
  readonly cell: Uint8Array;
}

export interface HintFileHeader {
  readonly target: NodeId;
  readonly number: number;
  readonly stamp: number;
}

export type ReadHintHeader =
  | { readonly kind: "valid"; readonly header: HintFileHeader; readonly lengthBytes: number }
  | { readonly kind: "damaged" }
  /** Whole, but of a version that this program does not know. */
  | { readonly kind: "foreign"; readonly version: number };

export function encodeHintHeader({ target, number, stamp }: HintFileHeader): Uint8Array {
  const name = utf8(target);
  const header = new Uint8Array(hintHeaderBytes(target));
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint32(8, HINTS_VERSION, true);
  view.setUint32(12, stamp, true);
  view.setUint32(16, number % 2 ** 32, true);
  view.setUint32(20, Math.floor(number / 2 ** 32), true);
  view.setUint32(24, name.length, true);
  header.set(name, TARGET_AT);
  const end = TARGET_AT + name.length;
  view.setUint32(end, crc32(header.subarray(0, end)), true);
  return header;
}

export function hintHeaderBytes(target: NodeId): number {
  return TARGET_AT + utf8(target).length + CHECKSUM_BYTES;
}

export function decodeHintHeader(bytes: Uint8Array): ReadHintHeader {
  if (bytes.length < TARGET_AT || MAGIC.some((byte, i) => bytes[i] !== byte)) return { kind: "damaged" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = TARGET_AT + view.getUint32(24, true);
  if (end + CHECKSUM_BYTES > bytes.length) return { kind: "damaged" };
  if (crc32(bytes.subarray(0, end)) !== view.getUint32(end, true)) return { kind: "damaged" };
  const version = view.getUint32(8, true);
  if (version !== HINTS_VERSION) return { kind: "foreign", version };
  const number = view.getUint32(16, true) + view.getUint32(20, true) * 2 ** 32;
  const header = { target: toText(bytes.subarray(TARGET_AT, end)), number, stamp: view.getUint32(12, true) };
  return { kind: "valid", header, lengthBytes: end + CHECKSUM_BYTES };
}

export function hintBytes({ key }: KeyRef, cell: Uint8Array): number {
  return HINT_HEADER_BYTES + key.length + cell.length;
}

/** Writes a hint at `at`, where there is room for it. */
export function writeHint(into: Uint8Array, at: number, stamp: number, { addedMs, ref, cell }: Hint): void {
  const end = at + hintBytes(ref, cell);
  const view = new DataView(into.buffer, into.byteOffset, into.length);
  view.setUint32(at + 4, stamp, true);
  view.setUint32(at + 8, end - at, true);
  view.setUint32(at + 12, addedMs % 2 ** 32, true);
  view.setUint16(at + 16, Math.floor(addedMs / 2 ** 32), true);
  into[at + 18] = ref.database;
  into[at + 19] = 0;
  view.setUint32(at + 20, ref.key.length, true);
  into.set(ref.key, at + HINT_HEADER_BYTES);
  into.set(cell, at + HINT_HEADER_BYTES + ref.key.length);
  view.setUint32(at, crc32(into.subarray(at + CHECKSUM_BYTES, end)), true);
}

export interface FoundHint {
  readonly hint: Hint;
  readonly start: number;
  readonly end: number;
}

/** The first whole hint that begins at `from` or later; its key and cell are views of `bytes`. */
export function findHint(bytes: Uint8Array, from: number, stamp: number): FoundHint | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = from;
  for (;;) {
    const found = hintAt(buffer, at, stamp);
    if (found !== undefined) return found;
    const next = buffer.indexOf(stampBytes(stamp), at + 5); // where the next stamp may be, if hints begin past `at`
    if (next === -1) return undefined;
    at = next - 4;
  }
}

function hintAt(buffer: Buffer, at: number, stamp: number): FoundHint | undefined {
  if (at + HINT_HEADER_BYTES > buffer.length || buffer.readUInt32LE(at + 4) !== stamp) return undefined;
  const end = at + buffer.readUInt32LE(at + 8);
  const cellAt = at + HINT_HEADER_BYTES + buffer.readUInt32LE(at + 20);
  if (end > buffer.length || cellAt > end) return undefined;
  if (crc32(buffer.subarray(at + CHECKSUM_BYTES, end)) !== buffer.readUInt32LE(at)) return undefined;
  const key = buffer.subarray(at + HINT_HEADER_BYTES, cellAt);
  const ref = { database: buffer[at + 18]!, key };
  return {
    hint: { addedMs: buffer.readUIntLE(at + 12, 6), ref, cell: buffer.subarray(cellAt, end) },
    start: at,
    end,
  };
}

function stampBytes(stamp: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, stamp, true);
  return bytes;
}

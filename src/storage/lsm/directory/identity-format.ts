/**
 * IDENTITY: who the data directory is, and how many of its counters may have been used.
 * DO NOT CHANGE: see docs/formats/identity.md to add a version.
 *
 *   offset  size  field
 *        0     8  magic       "KVORUM" 0x49 0x0a
 *        8     4  version     1
 *       12     8  actor       big-endian
 *       20     8  reserved    counters up to this one may be in use
 *       28     4  idLength
 *       32   ...  fileId      of this very file, as Disk.fileId tells it: another one in a copy
 *        …     4  checksum    CRC-32 of everything before it
 *
 * Numbers are little-endian but for the actor.
 */
import { crc32 } from "node:zlib";
import { equalBytes, toText, utf8 } from "../../../base/bytes.ts";
import { UnknownFormat } from "../table/unknown-format.ts";

export const IDENTITY_VERSION = 1;
export const ACTOR_BYTES = 8;
const MAGIC = Uint8Array.of(0x4b, 0x56, 0x4f, 0x52, 0x55, 0x4d, 0x49, 0x0a);
const VERSION_AT = 8;
const ACTOR_AT = 12;
const RESERVED_AT = 20;
const ID_LENGTH_AT = 28;
const FILE_ID_AT = 32;
const CHECKSUM_BYTES = 4;

export interface IdentityFields {
  /** ACTOR_BYTES bytes. */
  readonly actor: Uint8Array;
  readonly reserved: number;
  readonly fileId: string;
}

export function encodeIdentity({ actor, reserved, fileId }: IdentityFields): Uint8Array {
  const id = utf8(fileId);
  const bytes = new Uint8Array(FILE_ID_AT + id.length + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(VERSION_AT, IDENTITY_VERSION, true);
  bytes.set(actor, ACTOR_AT);
  view.setBigUint64(RESERVED_AT, BigInt(reserved), true);
  view.setUint32(ID_LENGTH_AT, id.length, true);
  bytes.set(id, FILE_ID_AT);
  const end = FILE_ID_AT + id.length;
  view.setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** Undefined if the bytes are damaged. Throws UnknownFormat if they are of a later version. */
export function decodeIdentity(bytes: Uint8Array, path: string): IdentityFields | undefined {
  if (bytes.length < FILE_ID_AT + CHECKSUM_BYTES || !equalBytes(bytes.subarray(0, 8), MAGIC))
    return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = bytes.length - CHECKSUM_BYTES;
  if (crc32(bytes.subarray(0, end)) !== view.getUint32(end, true)) return undefined;
  const version = view.getUint32(VERSION_AT, true);
  if (version !== IDENTITY_VERSION) throw new UnknownFormat(path, version, IDENTITY_VERSION);
  if (FILE_ID_AT + view.getUint32(ID_LENGTH_AT, true) !== end) return undefined;
  return {
    actor: bytes.slice(ACTOR_AT, ACTOR_AT + ACTOR_BYTES),
    reserved: Number(view.getBigUint64(RESERVED_AT, true)),
    fileId: toText(bytes.subarray(FILE_ID_AT, end)),
  };
}

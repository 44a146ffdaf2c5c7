/**
 * What replicas ask of one another about a row: payloads of the peers' requests and answers.
 * DO NOT CHANGE: docs/formats/replica-messages.md draws them, and says how versions are added.
 *
 * Readers throw StoreError INVALID_REQUEST. What they return are views of the payload.
 */
import type { ByteRange } from "../base/bytes.ts";
import { readUint48, writeUint48 } from "../causality/fixed-integer.ts";
import type { NodeId } from "../ring/ring-member.ts";
import { KEY_BYTES_MAX } from "../storage/row-key.ts";
import type { KeyRef } from "./step.ts";
import { malformedMessage, WireReader, WireWriter } from "./wire-bytes.ts";

/**
 * Numbers of the requests among all that peers make: below 32. Membership has those from 32 on, the register from 48,
 * doors from 64: see forward-message.ts.
 */
export const REPLICA_METHOD = {
  writeCell: 1,
  readCell: 2,
  readDigest: 3,
  readHint: 4,
  relayCell: 5,
} as const;

/** The topology by which the sender chose whom to ask. */
interface Addressed {
  readonly epoch: number;
}

export interface WriteCell extends Addressed {
  readonly ref: KeyRef;
  /** Encoded. */
  readonly cell: Uint8Array;
  /** Whom to keep it for, as a hint; undefined if it is the receiver's own. */
  readonly hintFor: NodeId | undefined;
}

export interface ReadRow extends Addressed {
  readonly ref: KeyRef;
}

export interface Ack {
  /** True if it would survive a power failure. */
  readonly isSynced: boolean;
}

export const SYNCED: Ack = { isSynced: true };
export const UNSYNCED: Ack = { isSynced: false };

const VERSION = 1;
/** The first byte of every answer. */
export const ANSWER_VERSION = VERSION;
const EPOCH_AT = 1;
/** Of requests, behind the head: for whom a write is to be kept. */
const NAME_AT = 7;
/** Database, and length of the key. */
const REF_HEAD_BYTES = 5;
const THERE = 1;
const SYNCED_MESSAGE = Uint8Array.of(VERSION, 1);
const UNSYNCED_MESSAGE = Uint8Array.of(VERSION, 0);

export function encodeWriteCell({ epoch, ref, cell, hintFor }: WriteCell): Uint8Array {
  const writer = begin(epoch).name(hintFor ?? "");
  return writeRef(writer, ref).bytes(cell).finish();
}

/** Where a message is put together that is used again. */
export interface MessageRoom {
  /** Where a message of so many bytes goes, from the first one on. */
  reserve(length: number): Uint8Array;
}

/**
 * Hot: as `encodeWriteCell` of the receiver's own copy, up to where the key goes, and then the cell; returns that place.
 */
export function beginWriteCell(
  room: MessageRoom,
  epoch: number,
  database: number,
  keyBytes: number,
  cellBytes: number,
): number {
  const keyStart = NAME_AT + 1 + REF_HEAD_BYTES;
  const bytes = room.reserve(keyStart + keyBytes + cellBytes);
  bytes[NAME_AT] = 0;
  writeHead(bytes, epoch, NAME_AT + 1, database, keyBytes);
  return keyStart;
}

function writeHead(
  bytes: Uint8Array,
  epoch: number,
  refAt: number,
  database: number,
  keyBytes: number,
): void {
  bytes[0] = VERSION;
  writeUint48(bytes, EPOCH_AT, epoch);
  bytes[refAt] = database;
  bytes[refAt + 1] = keyBytes;
  bytes[refAt + 2] = keyBytes >>> 8;
  bytes[refAt + 3] = keyBytes >>> 16;
  bytes[refAt + 4] = 0;
}

export function decodeWriteCell(payload: Uint8Array): WriteCell {
  const { reader, epoch } = open(payload);
  const hintFor = reader.name();
  const ref = readRef(reader);
  return { epoch, ref, cell: reader.rest(), hintFor: hintFor === "" ? undefined : hintFor };
}

/** Where a message's parts lie in it, for whoever reuses one object for many: the key ends where the cell begins. */
export interface RowInPlace {
  epoch: number;
  database: number;
  /** Key and cell. */
  readonly row: ByteRange;
  cellStart: number;
}

/** Hot: true if it is a write of the receiver's own copy, which `into` tells then. Else, also if malformed: decode it. */
export function findWriteCell(payload: ByteRange, into: RowInPlace): boolean {
  return payload.bytes[payload.start + NAME_AT] === 0 && findRow(payload, NAME_AT + 1, into);
}

/** Hot: true if it is a request to show a row, which `into` tells then. Else decode it. */
export function findReadRow(payload: ByteRange, into: RowInPlace): boolean {
  return findRow(payload, NAME_AT, into) && into.cellStart === payload.end;
}

function findRow({ bytes, start, end }: ByteRange, refAt: number, into: RowInPlace): boolean {
  const at = start + refAt;
  const keyStart = at + REF_HEAD_BYTES;
  if (keyStart > end || bytes[start] !== VERSION) return false;
  const keyBytes = bytes[at + 1]! | (bytes[at + 2]! << 8) | (bytes[at + 3]! << 16);
  if (bytes[at + 4] !== 0 || keyBytes > KEY_BYTES_MAX || keyStart + keyBytes > end) return false;
  into.epoch = readUint48(bytes, start + EPOCH_AT);
  into.database = bytes[at]!;
  into.row.bytes = bytes;
  into.row.start = keyStart;
  into.row.end = end;
  into.cellStart = keyStart + keyBytes;
  return true;
}

export function encodeReadRow({ epoch, ref }: ReadRow): Uint8Array {
  return writeRef(begin(epoch), ref).finish();
}

export function decodeReadRow(payload: Uint8Array): ReadRow {
  const { reader, epoch } = open(payload);
  const ref = readRef(reader);
  reader.end();
  return { epoch, ref };
}

/** One of two messages that nobody may change. */
export function encodeAck({ isSynced }: Ack): Uint8Array {
  return isSynced ? SYNCED_MESSAGE : UNSYNCED_MESSAGE;
}

export function decodeAck(payload: Uint8Array): Ack {
  return ackIn({ bytes: payload, start: 0, end: payload.length });
}

/** Hot: as `decodeAck`, where the message lies. */
export function ackIn({ bytes, start, end }: ByteRange): Ack {
  if (end - start !== 2) throw malformedMessage("an ack has two bytes");
  if (bytes[start] !== VERSION) throw malformedMessage(`version ${bytes[start]}`);
  const synced = bytes[start + 1]!;
  if (synced > 1) throw malformedMessage("an ack is synced or not");
  return synced === 1 ? SYNCED : UNSYNCED;
}

/** The answer to a read: an encoded cell, or undefined if nothing is known of the row. */
export function encodeCellAnswer(cell: Uint8Array | undefined): Uint8Array {
  const writer = new WireWriter().uint8(VERSION);
  return cell === undefined ? writer.uint8(0).finish() : writer.uint8(THERE).bytes(cell).finish();
}

export function decodeCellAnswer(payload: Uint8Array): Uint8Array | undefined {
  const reader = openAnswer(payload);
  const isThere = reader.uint8();
  if (isThere === THERE) return reader.rest();
  if (isThere !== 0) throw malformedMessage("a row is there or not");
  reader.end();
  return undefined;
}

export function encodeDigestAnswer(digest: Uint8Array): Uint8Array {
  return new WireWriter().uint8(VERSION).bytes(digest).finish();
}

export function decodeDigestAnswer(payload: Uint8Array): Uint8Array {
  return openAnswer(payload).rest();
}

/** Hot: true if the answer tells the digest `bytes[from, to)`. */
export function isDigestAnswer(answer: ByteRange, bytes: Uint8Array, from: number, to: number): boolean {
  const { start, end } = answer;
  if (end - start !== 1 + to - from || answer.bytes[start] !== VERSION) return false;
  for (let i = from, at = start + 1; i < to; i++, at++) if (answer.bytes[at] !== bytes[i]) return false;
  return true;
}

/** Hot: as `encodeReadRow`, up to where the key goes; returns that place. */
export function beginReadRow(room: MessageRoom, epoch: number, database: number, keyBytes: number): number {
  const keyStart = NAME_AT + REF_HEAD_BYTES;
  writeHead(room.reserve(keyStart + keyBytes), epoch, NAME_AT, database, keyBytes);
  return keyStart;
}

/** The head of every request. */
export function begin(epoch: number): WireWriter {
  return new WireWriter().uint8(VERSION).uint48(epoch);
}

/** The head of an answer. */
export function beginAnswer(): WireWriter {
  return new WireWriter().uint8(VERSION);
}

export function open(payload: Uint8Array): { readonly reader: WireReader; readonly epoch: number } {
  const reader = openAnswer(payload);
  return { reader, epoch: reader.uint48() };
}

/** Of any request, without reading the rest; 0 if it is malformed. */
export function epochOf({ bytes, start, end }: ByteRange): number {
  return end - start < NAME_AT ? 0 : readUint48(bytes, start + EPOCH_AT);
}

export function writeRef(writer: WireWriter, { database, key }: KeyRef): WireWriter {
  return writer.uint8(database).sized(key);
}

export function readRef(reader: WireReader): KeyRef {
  const database = reader.uint8();
  const key = reader.sized();
  if (key.length > KEY_BYTES_MAX) throw malformedMessage("its key is too long");
  return { database, key };
}

export function openAnswer(payload: Uint8Array): WireReader {
  const reader = new WireReader(payload);
  const version = reader.uint8();
  if (version !== VERSION) throw malformedMessage(`version ${version}`);
  return reader;
}

/**
 * A cell as bytes, on disk and on the wire. Canonical: one cell has one encoding, however it came about, and
 * decodeCell takes no other; Merkle trees compare hashes of these bytes.
 * DO NOT CHANGE: see docs/formats/cell.md to add a version.
 *
 * Format 1, the compact form: compact-cell.ts. Every cell that fits it is written in it.
 * Format 2, the general form. Numbers are LEB128 of at most 48 bits unless a size is given:
 *
 *   format       1    2
 *   flags        1    bit 0: the whole cell expires, when follows; bit 1: it has no sibling; others zero
 *   [expiresAtMs 6    little-endian; only if bit 0]
 *   contextCount      per entry, by rising actor:    actor (8, big-endian), counter
 *   absorbedCount     per absorption, by actor:      entry, first, upTo - first, total (8, big-endian, signed)
 *   siblingCount      per sibling, by rising dot:    entry, counter, kind (1), wallMs, logical, [expiresAtMs],
 *                       then of a value:             payloadLength, payload
 *                       or of an increment:          counter - first, total (8, big-endian, signed)
 *
 *   entry   index of the actor in the context
 *   kind    bit 0: increment; bit 1: expiresAtMs is there; others zero
 */
import { ACTOR_BYTES } from "./actor.ts";
import { ByteReader, ByteWriter, corruptCell, INT64_BYTES, varintBytes } from "./byte-cursor.ts";
import { type Absorption, type Cell, incrementOf, NEVER, type Sibling, type ValueSibling } from "./cell.ts";
import { lastExpiryMs } from "./cell-value.ts";
import {
  COMPACT_FORMAT,
  ENTRY_BYTES,
  EXPIRY_BYTES,
  EXPIRY_FLAG,
  FIXED_BYTES,
  FURTHER_ENTRIES_MAX,
} from "./compact-cell.ts";
import { compareDots, type Dot } from "./dot.ts";
import { type Hlc, LOGICAL_MAX } from "./hybrid-clock.ts";
import { counterOf, covers, indexOfActor, type VersionVector } from "./version-vector.ts";

export const GENERAL_FORMAT = 2;
export const GENERAL_EXPIRY_FLAG = 0x01;
export const DELETED_FLAG = 0x02;
const INCREMENT_FLAG = 0x01;
const SIBLING_EXPIRY_FLAG = 0x02;

/** The bytes of `cell`, in a new buffer. */
export function encodeCell(cell: Cell): Uint8Array {
  const value = compactValue(cell);
  return value === undefined ? encodeGeneral(cell) : encodeCompact(cell.context, value);
}

/**
 * The cell of `bytes[start, end)`. Its payloads are views of `bytes`: copy what is to outlive them.
 * Throws StoreError CORRUPTION if encodeCell did not make these bytes.
 */
export function decodeCell(bytes: Uint8Array, start = 0, end = bytes.length): Cell {
  const reader = new ByteReader(bytes, start, end);
  const format = reader.byte();
  if (format === COMPACT_FORMAT) return decodeCompact(reader);
  if (format === GENERAL_FORMAT) return decodeGeneral(reader);
  throw corruptCell(`format ${format}`);
}

/** The only sibling of a cell that fits the compact form. */
function compactValue({ context, siblings, absorbed }: Cell): ValueSibling | undefined {
  const [only] = siblings;
  if (siblings.length !== 1 || only?.kind !== "value" || absorbed.length > 0) return undefined;
  if (context.length > 1 + FURTHER_ENTRIES_MAX) return undefined;
  return counterOf(context, only.dot.actor) === only.dot.counter ? only : undefined;
}

function encodeCompact(context: VersionVector, value: ValueSibling): Uint8Array {
  const furtherCount = context.length - 1;
  const expires = value.expiresAtMs !== NEVER;
  const headerBytes = FIXED_BYTES + (expires ? EXPIRY_BYTES : 0) + ENTRY_BYTES * furtherCount;
  const writer = new ByteWriter(headerBytes + value.payload.length);
  writer.byte(COMPACT_FORMAT);
  writer.byte((expires ? EXPIRY_FLAG : 0) | (furtherCount << 4));
  writer.actor(value.dot.actor);
  writer.uint48(value.dot.counter);
  writer.uint48(value.hlc.wallMs);
  writer.uint16(value.hlc.logical);
  if (expires) writer.uint48(value.expiresAtMs);
  for (const { actor, counter } of context) {
    if (actor === value.dot.actor) continue;
    writer.actor(actor);
    writer.uint48(counter);
  }
  writer.append(value.payload);
  return writer.bytes;
}

function decodeCompact(reader: ByteReader): Cell {
  const flags = reader.byte();
  if ((flags & 0x0e) !== 0) throw corruptCell("unknown flags");
  const dot: Dot = { actor: reader.actor(), counter: positive(reader.uint48()) };
  const hlc: Hlc = { wallMs: reader.uint48(), logical: reader.uint16() };
  const expiresAtMs = (flags & EXPIRY_FLAG) !== 0 ? positive(reader.uint48()) : NEVER;
  const context: Dot[] = [];
  let previous = -1n;
  for (let i = 0; i < flags >>> 4; i++) {
    const entry = { actor: reader.actor(), counter: positive(reader.uint48()) };
    if (entry.actor <= previous || entry.actor === dot.actor) throw corruptCell("actors out of order");
    previous = entry.actor;
    context.push(entry);
  }
  context.splice(indexOfActor(context, dot.actor), 0, dot);
  const payload = reader.bytes(reader.remainingBytes);
  return { context, siblings: [{ kind: "value", dot, hlc, expiresAtMs, payload }], absorbed: [] };
}

function encodeGeneral(cell: Cell): Uint8Array {
  const { context, siblings, absorbed } = cell;
  const expiresAtMs = siblings.length === 0 ? NEVER : lastExpiryMs(siblings);
  const writer = new ByteWriter(generalBytes(cell, expiresAtMs));
  writer.byte(GENERAL_FORMAT);
  writer.byte((expiresAtMs === NEVER ? 0 : GENERAL_EXPIRY_FLAG) | (siblings.length === 0 ? DELETED_FLAG : 0));
  if (expiresAtMs !== NEVER) writer.uint48(expiresAtMs);
  writer.varint(context.length);
  for (const { actor, counter } of context) {
    writer.actor(actor);
    writer.varint(counter);
  }
  writer.varint(absorbed.length);
  for (const { actor, first, upTo, total } of absorbed) {
    writer.varint(indexOfActor(context, actor));
    writer.varint(first);
    writer.varint(upTo - first);
    writer.int64(total);
  }
  writer.varint(siblings.length);
  for (const sibling of siblings) writeSibling(writer, sibling, context);
  return writer.bytes;
}

function writeSibling(writer: ByteWriter, sibling: Sibling, context: VersionVector): void {
  const { dot, hlc, expiresAtMs } = sibling;
  writer.varint(indexOfActor(context, dot.actor));
  writer.varint(dot.counter);
  const kind = sibling.kind === "increment" ? INCREMENT_FLAG : 0;
  writer.byte(kind | (expiresAtMs === NEVER ? 0 : SIBLING_EXPIRY_FLAG));
  writer.varint(hlc.wallMs);
  writer.varint(hlc.logical);
  if (expiresAtMs !== NEVER) writer.varint(expiresAtMs);
  if (sibling.kind === "value") {
    writer.varint(sibling.payload.length);
    writer.append(sibling.payload);
  } else {
    writer.varint(dot.counter - sibling.first);
    writer.int64(sibling.total);
  }
}

function generalBytes({ context, siblings, absorbed }: Cell, expiresAtMs: number): number {
  let size = 2 + (expiresAtMs === NEVER ? 0 : 6);
  size += varintBytes(context.length) + varintBytes(absorbed.length) + varintBytes(siblings.length);
  for (const { counter } of context) size += ACTOR_BYTES + varintBytes(counter);
  for (const { actor, first, upTo } of absorbed) {
    size += varintBytes(indexOfActor(context, actor)) + varintBytes(first) + varintBytes(upTo - first);
    size += INT64_BYTES;
  }
  for (const sibling of siblings) size += siblingBytes(sibling, context);
  return size;
}

function siblingBytes(sibling: Sibling, context: VersionVector): number {
  const { dot, hlc, expiresAtMs } = sibling;
  const entryBytes = varintBytes(indexOfActor(context, dot.actor)) + varintBytes(dot.counter);
  const timeBytes = varintBytes(hlc.wallMs) + varintBytes(hlc.logical);
  const expiryBytes = expiresAtMs === NEVER ? 0 : varintBytes(expiresAtMs);
  const headBytes = entryBytes + 1 + timeBytes + expiryBytes;
  if (sibling.kind === "increment") {
    return headBytes + varintBytes(dot.counter - sibling.first) + INT64_BYTES;
  }
  return headBytes + varintBytes(sibling.payload.length) + sibling.payload.length;
}

function decodeGeneral(reader: ByteReader): Cell {
  const flags = reader.byte();
  if (flags > (GENERAL_EXPIRY_FLAG | DELETED_FLAG)) throw corruptCell("unknown flags");
  const expiresAtMs = (flags & GENERAL_EXPIRY_FLAG) !== 0 ? positive(reader.uint48()) : NEVER;
  const context = readContext(reader);
  const absorbed = readAbsorbed(reader, context);
  const cell: Cell = { context, siblings: readSiblings(reader, context), absorbed };
  if (reader.remainingBytes > 0) throw corruptCell("bytes after its end");
  checkRuns(cell);
  const isDeleted = (flags & DELETED_FLAG) !== 0;
  if (isDeleted !== (cell.siblings.length === 0)) throw corruptCell("wrong flags");
  if (expiresAtMs !== (isDeleted ? NEVER : lastExpiryMs(cell.siblings))) throw corruptCell("wrong expiry");
  if (compactValue(cell) !== undefined) throw corruptCell("not in the compact form, though it fits");
  return cell;
}

function readContext(reader: ByteReader): VersionVector {
  const context: Dot[] = [];
  let previous = -1n;
  for (let rest = reader.varint(); rest > 0; rest--) {
    const entry = { actor: reader.actor(), counter: positive(reader.varint()) };
    if (entry.actor <= previous) throw corruptCell("actors out of order");
    previous = entry.actor;
    context.push(entry);
  }
  return context;
}

function readAbsorbed(reader: ByteReader, context: VersionVector): readonly Absorption[] {
  const absorbed: Absorption[] = [];
  let previous = -1;
  for (let rest = reader.varint(); rest > 0; rest--) {
    const index = reader.varint();
    const entry = context[index];
    if (entry === undefined || index <= previous) throw corruptCell("absorptions out of order");
    previous = index;
    const first = positive(reader.varint());
    const upTo = first + reader.varint();
    if (upTo > entry.counter) throw corruptCell("an absorption outside the context");
    absorbed.push({ actor: entry.actor, first, upTo, total: reader.int64() });
  }
  return absorbed;
}

function readSiblings(reader: ByteReader, context: VersionVector): readonly Sibling[] {
  const siblings: Sibling[] = [];
  for (let rest = reader.varint(); rest > 0; rest--) {
    const entry = context[reader.varint()];
    const dot: Dot = { actor: entry?.actor ?? 0n, counter: positive(reader.varint()) };
    if (entry === undefined || !covers(context, dot)) throw corruptCell("a sibling outside the context");
    const previous = siblings.at(-1);
    if (previous !== undefined && compareDots(previous.dot, dot) >= 0) throw corruptCell("dots out of order");
    siblings.push(readSibling(reader, dot));
  }
  return siblings;
}

function readSibling(reader: ByteReader, dot: Dot): Sibling {
  const flags = reader.byte();
  if (flags > (INCREMENT_FLAG | SIBLING_EXPIRY_FLAG)) throw corruptCell("unknown kind of sibling");
  const hlc: Hlc = { wallMs: reader.varint(), logical: reader.varint() };
  if (hlc.logical > LOGICAL_MAX) throw corruptCell("logical time above 16 bits");
  const expiresAtMs = (flags & SIBLING_EXPIRY_FLAG) !== 0 ? positive(reader.varint()) : NEVER;
  if ((flags & INCREMENT_FLAG) === 0) {
    return { kind: "value", dot, hlc, expiresAtMs, payload: reader.bytes(reader.varint()) };
  }
  const first = positive(dot.counter - reader.varint());
  return { kind: "increment", dot, hlc, expiresAtMs, first, total: reader.int64() };
}

function checkRuns({ siblings, absorbed }: Cell): void {
  for (const sibling of siblings) {
    if (sibling.kind === "increment" && incrementOf(siblings, sibling.dot.actor) !== sibling) {
      throw corruptCell("two runs of one actor");
    }
  }
  for (const { actor, first, upTo } of absorbed) {
    const run = incrementOf(siblings, actor);
    if (run !== undefined && (run.first !== first || run.dot.counter <= upTo)) {
      throw corruptCell("an absorption of another run");
    }
  }
}

function positive(value: number): number {
  if (value < 1) throw corruptCell("a number that must not be zero or less");
  return value;
}

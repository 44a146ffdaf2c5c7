/**
 * The compact form of a cell: one value sibling, whose dot is its actor's entry in the context, and nothing
 * else. By far the commonest. Written and read in place, without decoding.
 * DO NOT CHANGE: it is on disk and on the wire; see docs/formats/cell.md to add a version.
 *
 *   offset  size  field
 *        0     1  format         1
 *        1     1  flags          bit 0: an expiry follows; bits 1-3: zero; bits 4-7: number of further entries
 *        2     8  actor          big-endian
 *       10     6  counter        little-endian
 *       16     6  wallMs         of the hybrid clock, little-endian
 *       22     2  logical        of the hybrid clock, little-endian
 *      [24     6  expiresAtMs    little-endian, not zero; only if bit 0]
 *           14 n  further        context entries other than the actor's own: actor (8, big-endian),
 *                                counter (6, little-endian); by rising actor
 *           ...   payload        to the end
 *
 * Hot: once per GET and SET; nothing here allocates. Watched by `bench -- redis`.
 */
import { assert } from "../base/assert.ts";
import { NEVER } from "./cell.ts";
import { readUint48, writeUint48 } from "./fixed-integer.ts";

export const COMPACT_FORMAT = 1;
export const FURTHER_ENTRIES_MAX = 15;
/** No compact header is longer. */
export const COMPACT_HEADER_BYTES_MAX = 24 + 6 + 14 * FURTHER_ENTRIES_MAX;

export const EXPIRY_FLAG = 0x01;
export const ACTOR_AT = 2;
export const COUNTER_AT = 10;
export const WALL_MS_AT = 16;
export const LOGICAL_AT = 22;
export const FIXED_BYTES = 24;
export const EXPIRY_BYTES = 6;
export const ENTRY_BYTES = 14;
const ENTRY_COUNTER_AT = 8;

/** What a write puts into a header. Its owner reuses one object for every write. */
export interface CompactStamp {
  /** The writing actor, as actorBytes gives it. */
  actorBytes: Uint8Array;
  counter: number;
  wallMs: number;
  logical: number;
  /** NEVER if the value does not expire. */
  expiresAtMs: number;
}

/** True if the cell `bytes[start, end)` is in the compact form. The functions below require it. */
export function isCompact(bytes: Uint8Array, start: number, end: number): boolean {
  return end > start && bytes[start] === COMPACT_FORMAT;
}

/** True if all of it is as the form wants it: so decodeCell would take it. */
export function isSoundCompact(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < FIXED_BYTES || (bytes[start + 1]! & 0x0e) !== 0) return false;
  const payloadStart = compactPayloadStart(bytes, start);
  if (payloadStart > end || compactCounter(bytes, start) === 0) return false;
  if ((bytes[start + 1]! & EXPIRY_FLAG) !== 0 && compactExpiresAtMs(bytes, start) === 0) return false;
  let previousAt = -1;
  for (let at = furtherStart(bytes, start); at < payloadStart; at += ENTRY_BYTES) {
    if (readUint48(bytes, at + ENTRY_COUNTER_AT) === 0) return false;
    if (compareActors(bytes, at, bytes, start + ACTOR_AT) === 0) return false;
    if (previousAt !== -1 && compareActors(bytes, previousAt, bytes, at) >= 0) return false;
    previousAt = at;
  }
  return true;
}

/** Where the payload begins; it ends where the cell ends. */
export function compactPayloadStart(bytes: Uint8Array, start: number): number {
  return furtherStart(bytes, start) + ENTRY_BYTES * furtherCount(bytes, start);
}

export function compactExpiresAtMs(bytes: Uint8Array, start: number): number {
  return (bytes[start + 1]! & EXPIRY_FLAG) !== 0 ? readUint48(bytes, start + FIXED_BYTES) : NEVER;
}

export function compactCounter(bytes: Uint8Array, start: number): number {
  return readUint48(bytes, start + COUNTER_AT);
}

export function compactWallMs(bytes: Uint8Array, start: number): number {
  return readUint48(bytes, start + WALL_MS_AT);
}

export function compactLogical(bytes: Uint8Array, start: number): number {
  return bytes[start + LOGICAL_AT]! | (bytes[start + LOGICAL_AT + 1]! << 8);
}

/** True if `actorBytes` wrote the value. */
export function isCompactBy(bytes: Uint8Array, start: number, actorBytes: Uint8Array): boolean {
  return compareActors(bytes, start + ACTOR_AT, actorBytes, 0) === 0;
}

/**
 * Length of the header of the cell that overwrites `bytes[start, end)` (empty range: of no cell), or 0 if that
 * cell is not compact or would not be: then decode, `overwrite` and encode.
 */
export function compactOverwriteHeaderBytes(
  stamp: CompactStamp,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const fixed = stamp.expiresAtMs === NEVER ? FIXED_BYTES : FIXED_BYTES + EXPIRY_BYTES;
  if (end === start) return fixed;
  if (bytes[start] !== COMPACT_FORMAT) return 0;
  const seenCounter = compactContextCounter(bytes, start, stamp.actorBytes, 0);
  if (seenCounter >= stamp.counter) return 0; // `overwrite` tells what is wrong
  const count = seenCounter > 0 ? furtherCount(bytes, start) : furtherCount(bytes, start) + 1;
  return count > FURTHER_ENTRIES_MAX ? 0 : fixed + ENTRY_BYTES * count;
}

/**
 * Writes that header at `target[at...]` and returns where the payload goes. The bytes are those that encodeCell
 * makes of `overwrite`. Requires: compactOverwriteHeaderBytes is not 0; the two ranges do not overlap.
 */
export function writeCompactOverwrite(
  target: Uint8Array,
  at: number,
  stamp: CompactStamp,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const entriesAt = writeCompactHeader(target, at, stamp);
  if (end === start || isSoleActor(bytes, start, stamp.actorBytes)) return entriesAt;
  return carryEntries(target, at, entriesAt, stamp, bytes, start);
}

/**
 * True if `writeCompactOverwrite` would differ from the header that is there in dot and time alone: the same sole
 * actor, an older counter, no expiry before or after. Then `restampCompact` does as well, in place.
 */
export function canRestampCompact(
  stamp: CompactStamp,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  return (
    isCompact(bytes, start, end) &&
    bytes[start + 1] === 0 &&
    stamp.expiresAtMs === NEVER &&
    isCompactBy(bytes, start, stamp.actorBytes) &&
    compactCounter(bytes, start) < stamp.counter
  );
}

/** Requires: canRestampCompact. */
export function restampCompact(stamp: CompactStamp, bytes: Uint8Array, start: number): void {
  writeUint48(bytes, start + COUNTER_AT, stamp.counter);
  writeUint48(bytes, start + WALL_MS_AT, stamp.wallMs);
  bytes[start + LOGICAL_AT] = stamp.logical;
  bytes[start + LOGICAL_AT + 1] = stamp.logical >>> 8;
}

/** Writes the header of a cell that follows on nothing; returns where the payload goes. */
export function writeCompactHeader(target: Uint8Array, at: number, stamp: CompactStamp): number {
  assert(stamp.counter >= 1, "counters start at 1");
  target[at] = COMPACT_FORMAT;
  target[at + 1] = stamp.expiresAtMs === NEVER ? 0 : EXPIRY_FLAG;
  const { actorBytes } = stamp;
  for (let i = 0; i < 8; i++) target[at + ACTOR_AT + i] = actorBytes[i]!;
  writeUint48(target, at + COUNTER_AT, stamp.counter);
  writeUint48(target, at + WALL_MS_AT, stamp.wallMs);
  target[at + LOGICAL_AT] = stamp.logical;
  target[at + LOGICAL_AT + 1] = stamp.logical >>> 8;
  if (stamp.expiresAtMs === NEVER) return at + FIXED_BYTES;
  writeUint48(target, at + FIXED_BYTES, stamp.expiresAtMs);
  return at + FIXED_BYTES + EXPIRY_BYTES;
}

/** True if the cell knows of no other actor than this. */
function isSoleActor(bytes: Uint8Array, start: number, actorBytes: Uint8Array): boolean {
  return furtherCount(bytes, start) === 0 && isCompactBy(bytes, start, actorBytes);
}

/** Copies the context entries of the existing cell, its own dot among them, in order; leaves the writer's out. */
function carryEntries(
  target: Uint8Array,
  headerAt: number,
  entriesAt: number,
  stamp: CompactStamp,
  bytes: Uint8Array,
  start: number,
): number {
  const { actorBytes } = stamp;
  const own = start + ACTOR_AT;
  let ownPending = compareActors(bytes, own, actorBytes, 0) !== 0;
  let to = entriesAt;
  let from = furtherStart(bytes, start);
  const fromEnd = from + ENTRY_BYTES * furtherCount(bytes, start);
  for (; from < fromEnd; from += ENTRY_BYTES) {
    if (ownPending && compareActors(bytes, own, bytes, from) < 0) {
      to = copyEntry(target, to, bytes, own);
      ownPending = false;
    }
    if (compareActors(bytes, from, actorBytes, 0) !== 0) to = copyEntry(target, to, bytes, from);
  }
  if (ownPending) to = copyEntry(target, to, bytes, own);
  target[headerAt + 1] = target[headerAt + 1]! | (((to - entriesAt) / ENTRY_BYTES) << 4);
  return to;
}

/** The context's counter for the actor at `actors[actorAt...]`, or 0. */
export function compactContextCounter(
  bytes: Uint8Array,
  start: number,
  actors: Uint8Array,
  actorAt: number,
): number {
  if (compareActors(bytes, start + ACTOR_AT, actors, actorAt) === 0) return compactCounter(bytes, start);
  const at = compactEntryAt(bytes, start, actors, actorAt);
  return at < 0 ? 0 : readUint48(bytes, at + ENTRY_COUNTER_AT);
}

/** True if the context of the first cell covers all that the context of the second does. Both compact. */
export function compactDescends(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): boolean {
  if (compactContextCounter(a, aStart, b, bStart + ACTOR_AT) < compactCounter(b, bStart)) return false;
  let at = furtherStart(b, bStart);
  const end = at + ENTRY_BYTES * furtherCount(b, bStart);
  for (; at < end; at += ENTRY_BYTES) {
    if (compactContextCounter(a, aStart, b, at) < readUint48(b, at + ENTRY_COUNTER_AT)) return false;
  }
  return true;
}

/** True if the first cell was written by who had seen all of the second. Both compact. */
export function compactSupersedes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): boolean {
  const seenCounter = compactContextCounter(b, bStart, a, aStart + ACTOR_AT);
  return seenCounter < compactCounter(a, aStart) && compactDescends(a, aStart, b, bStart);
}

function compactEntryAt(bytes: Uint8Array, start: number, actors: Uint8Array, actorAt: number): number {
  let at = furtherStart(bytes, start);
  const end = at + ENTRY_BYTES * furtherCount(bytes, start);
  for (; at < end; at += ENTRY_BYTES) if (compareActors(bytes, at, actors, actorAt) === 0) return at;
  return -1;
}

/** How many context entries there are besides the value's own dot. */
export function furtherCount(bytes: Uint8Array, start: number): number {
  return bytes[start + 1]! >>> 4;
}

export function furtherStart(bytes: Uint8Array, start: number): number {
  return start + ((bytes[start + 1]! & EXPIRY_FLAG) !== 0 ? FIXED_BYTES + EXPIRY_BYTES : FIXED_BYTES);
}

function copyEntry(target: Uint8Array, to: number, bytes: Uint8Array, from: number): number {
  // Actor and counter lie side by side both in the fixed part and in an entry.
  for (let i = 0; i < ENTRY_BYTES; i++) target[to + i] = bytes[from + i]!;
  return to + ENTRY_BYTES;
}

function compareActors(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number {
  for (let i = 0; i < 8; i++) {
    const difference = a[aAt + i]! - b[bAt + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

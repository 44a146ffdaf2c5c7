/**
 * Changes of a compact cell other than to overwrite it: deleted, or with a part of its value replaced, in place or on
 * the way to another place, without decoding. The bytes are those that encodeCell makes of the same change.
 *
 * Hot: nothing here allocates.
 */
import { varintBytes } from "./byte-cursor.ts";
import { NEVER } from "./cell.ts";
import { DELETED_FLAG, GENERAL_FORMAT } from "./cell-codec.ts";
import {
  ACTOR_AT,
  type CompactStamp,
  compactCounter,
  compactExpiresAtMs,
  compactLogical,
  compactWallMs,
  ENTRY_BYTES,
  furtherCount,
  furtherStart,
  isCompactBy,
} from "./compact-cell.ts";
import { readUint48 } from "./fixed-integer.ts";

const ACTOR_BYTES = 8;
const ENTRY_COUNTER_AT = 8;

/** No cell that `writeDeletion` writes is longer. */
export const DELETION_BYTES_MAX = 5 + 16 * (ACTOR_BYTES + 7);

/** True if all that the compact cell knows of is `actorBytes`, so that a new dot of its takes the old one's place. */
export function isOnlyOf(bytes: Uint8Array, start: number, stamp: CompactStamp): boolean {
  return (
    furtherCount(bytes, start) === 0 &&
    isCompactBy(bytes, start, stamp.actorBytes) &&
    compactCounter(bytes, start) < stamp.counter
  );
}

/** Makes `stamp` one that gives the compact cell a new dot, and leaves it its time: for EXPIRE. */
export function keepTime(stamp: CompactStamp, bytes: Uint8Array, start: number): void {
  stamp.wallMs = compactWallMs(bytes, start);
  stamp.logical = compactLogical(bytes, start);
}

/** Whether the compact cell has expired. */
export function isCompactExpired(bytes: Uint8Array, start: number, wallMs: number): boolean {
  const expiresAtMs = compactExpiresAtMs(bytes, start);
  return expiresAtMs !== NEVER && expiresAtMs <= wallMs;
}

/** Writes what `remove` makes of the compact cell at `target[at...]`; returns its end. */
export function writeDeletion(target: Uint8Array, at: number, bytes: Uint8Array, start: number): number {
  const count = furtherCount(bytes, start);
  target[at] = GENERAL_FORMAT;
  target[at + 1] = DELETED_FLAG;
  target[at + 2] = count + 1;
  let to = at + 3;
  const own = start + ACTOR_AT;
  let isOwnPending = true;
  let from = furtherStart(bytes, start);
  const end = from + ENTRY_BYTES * count;
  for (; from < end; from += ENTRY_BYTES) {
    if (isOwnPending && isActorBelow(bytes, own, from)) {
      to = writeEntry(target, to, bytes, own);
      isOwnPending = false;
    }
    to = writeEntry(target, to, bytes, from);
  }
  if (isOwnPending) to = writeEntry(target, to, bytes, own);
  target[to] = 0;
  target[to + 1] = 0;
  return to + 2;
}

function isActorBelow(bytes: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < ACTOR_BYTES; i++) {
    const difference = bytes[a + i]! - bytes[b + i]!;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** An entry of the compact form, as the general form has it. */
function writeEntry(target: Uint8Array, at: number, bytes: Uint8Array, from: number): number {
  for (let i = 0; i < ACTOR_BYTES; i++) target[at + i] = bytes[from + i]!;
  const counter = readUint48(bytes, from + ENTRY_COUNTER_AT);
  writeVarint(target, at + ACTOR_BYTES, counter);
  return at + ACTOR_BYTES + varintBytes(counter);
}

/** LEB128, as ByteWriter.varint. */
export function writeVarint(target: Uint8Array, at: number, value: number): void {
  let rest = value;
  let to = at;
  for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80)) target[to++] = (rest % 0x80) | 0x80;
  for (; rest > 0x7f; rest >>>= 7) target[to++] = rest | 0x80;
  target[to] = rest;
}

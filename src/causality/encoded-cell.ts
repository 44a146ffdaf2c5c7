/**
 * Questions and merges on encoded cells: what storage and replication need without decoding the common case.
 * Hot: `cellExpiresAtMs` runs once per put; watched by `bench -- redis`.
 */
import { type ByteRange, equalBytes } from "../base/bytes.ts";
import { EMPTY_CELL, NEVER } from "./cell.ts";
import { DELETED_FLAG, decodeCell, encodeCell, GENERAL_EXPIRY_FLAG } from "./cell-codec.ts";
import { merge } from "./cell-merge.ts";
import { remove } from "./cell-write.ts";
import {
  compactExpiresAtMs,
  compactLogical,
  compactPayloadStart,
  compactSupersedes,
  compactWallMs,
  isCompact,
  isSoundCompact,
} from "./compact-cell.ts";
import { readUint48 } from "./fixed-integer.ts";
import { compareHlc, HLC_ZERO, type Hlc } from "./hybrid-clock.ts";

/**
 * The encoding of the merge of two encoded cells. May return one of its arguments.
 * Throws StoreError CORRUPTION if either is not a cell (which the shortest ways do not look at).
 */
export function mergeCells(existing: Uint8Array, incoming: Uint8Array): Uint8Array {
  if (supersedes(incoming, existing)) return incoming;
  if (supersedes(existing, incoming) || equalBytes(existing, incoming)) return existing;
  return encodeCell(merge(decodeCell(existing), decodeCell(incoming)));
}

/** True only if `a` is compact and was written having seen all of `b`, which is compact too. */
function supersedes(a: Uint8Array, b: Uint8Array): boolean {
  if (!isCompact(a, 0, a.length) || !isCompact(b, 0, b.length)) return false;
  return compactSupersedes(a, 0, b, 0);
}

/** Wall time from which on nothing of the cell lives, or NEVER (so of a deleted cell: see hasLiveContent). */
export function cellExpiresAtMs({ bytes, start, end }: ByteRange): number {
  if (isCompact(bytes, start, end)) return compactExpiresAtMs(bytes, start);
  return (bytes[start + 1]! & GENERAL_EXPIRY_FLAG) !== 0 ? readUint48(bytes, start + 2) : NEVER;
}

/** True if the cell has no sibling: it only says that something was deleted. */
export function isDeletedCell({ bytes, start, end }: ByteRange): boolean {
  return !isCompact(bytes, start, end) && (bytes[start + 1]! & DELETED_FLAG) !== 0;
}

/** The empty cell, encoded: nothing is known, not even of a deletion. Merged with another it is the other one. */
export const NOTHING_KNOWN: Uint8Array = encodeCell(EMPTY_CELL);

export function isNothingKnown({ bytes, start, end }: ByteRange): boolean {
  if (end - start !== NOTHING_KNOWN.length) return false;
  return NOTHING_KNOWN.every((byte, i) => bytes[start + i] === byte);
}

/** Wall part of the newest hybrid time in the cell; 0 if there is none. */
export function cellNewestWallMs({ bytes, start, end }: ByteRange): number {
  if (isCompact(bytes, start, end)) return compactWallMs(bytes, start);
  return decodeCell(bytes, start, end).siblings.reduce((newest, { hlc }) => Math.max(newest, hlc.wallMs), 0);
}

/** The newest hybrid time in the cell. Throws StoreError CORRUPTION if it is not whole, or no cell. */
export function cellNewestTime(cell: Uint8Array): Hlc {
  const { length } = cell;
  if (isCompact(cell, 0, length) && isSoundCompact(cell, 0, length)) {
    return { wallMs: compactWallMs(cell, 0), logical: compactLogical(cell, 0) };
  }
  const later = (a: Hlc, b: Hlc): Hlc => (compareHlc(a, b) < 0 ? b : a);
  return decodeCell(cell)
    .siblings.map(({ hlc }) => hlc)
    .reduce(later, HLC_ZERO);
}

/** The deletion of all that the cell holds, encoded: what remains of it once it has expired. */
export function deletionOf({ bytes, start, end }: ByteRange): Uint8Array {
  return encodeCell(remove(decodeCell(bytes, start, end)));
}

/** True if the cell has a sibling that lives at `wallMs`: neither deleted nor expired. */
export function hasLiveContent(cell: ByteRange, wallMs: number): boolean {
  if (isDeletedCell(cell)) return false;
  const expiresAtMs = cellExpiresAtMs(cell);
  return expiresAtMs === NEVER || expiresAtMs > wallMs;
}

/**
 * Points `into` at what tells versions of a row apart. A dot names one write and so its payload: of a compact cell, the
 * header is the version. Other cells are their own version, since their encoding is canonical.
 */
export function cellVersionRange({ bytes, start, end }: ByteRange, into: ByteRange): void {
  into.bytes = bytes;
  into.start = start;
  into.end = isCompact(bytes, start, end) ? compactPayloadStart(bytes, start) : end;
}

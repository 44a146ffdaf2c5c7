/**
 * Digest of a cell: equal for two replicas of a row exactly if their cells are. Much shorter than a long value.
 *
 *   absent                       no bytes
 *   version up to 63 bytes       the version itself (cellVersionRange): a SET that few actors have written before
 *   longer                       1 byte of 0xff, then its SHA-256: the version may hold what clients chose, and nobody
 *                                should be able to choose two values that replicas take for one
 */
import { createHash } from "node:crypto";
import type { ByteRange } from "../base/bytes.ts";
import { compactPayloadStart, isCompact } from "./compact-cell.ts";
import { cellVersionRange } from "./encoded-cell.ts";

const PLAIN_BYTES_MAX = 63;
/** No cell begins with it. */
const HASHED = 0xff;
const NO_BYTES = new Uint8Array(0);

/** Where the digest ends that is a cell's own first bytes, none for an absent one; below zero if it is to be computed. Hot. */
export function plainDigestEnd({ bytes, start, end }: ByteRange): number {
  if (start === end) return end;
  if (!isCompact(bytes, start, end)) return -1;
  const digestEnd = compactPayloadStart(bytes, start);
  return digestEnd - start <= PLAIN_BYTES_MAX ? digestEnd : -1;
}

/** In a buffer of the caller's own. `cell` is encoded. */
export function cellDigest(cell: Uint8Array | undefined): Uint8Array {
  if (cell === undefined) return NO_BYTES;
  const range: ByteRange = { bytes: cell, start: 0, end: cell.length };
  cellVersionRange(range, range);
  const version = range.bytes.subarray(range.start, range.end);
  if (version.length <= PLAIN_BYTES_MAX) return version.slice();
  const digest = new Uint8Array(33);
  digest[0] = HASHED;
  digest.set(createHash("sha256").update(version).digest(), 1);
  return digest;
}

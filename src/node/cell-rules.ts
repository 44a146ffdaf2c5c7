/** What storage must know of cells, told by causality. */
import type { ByteRange } from "../base/bytes.ts";
import { compactPayloadStart, isCompact } from "../causality/compact-cell.ts";
import {
  cellExpiresAtMs,
  cellNewestWallMs,
  hasLiveContent,
  isDeletedCell,
  mergeCells,
} from "../causality/encoded-cell.ts";
import type { CellTraits } from "../storage/lsm/table/cell-traits.ts";
import type { CellRules } from "../storage/storage-engine.ts";

/** A node that holds the only copy may forget what is deleted or expired at once: nobody else can bring it back. */
export const soleReplicaRules: CellRules = {
  merge: mergeCells,
  expiresAtMs: cellExpiresAtMs,
  isCollectible: (cell, wallMs) => !hasLiveContent(cell, wallMs),
};

export const cellTraits: CellTraits = {
  expiresAtMs: cellExpiresAtMs,
  isTombstone: isDeletedCell,
  newestWallMs: cellNewestWallMs,
  versionRange,
};

/**
 * A dot names one write and so its payload: of a compact cell, the header is the version. Other cells are
 * their own version, since their encoding is canonical.
 */
function versionRange({ bytes, start, end }: ByteRange, into: ByteRange): void {
  into.bytes = bytes;
  into.start = start;
  into.end = isCompact(bytes, start, end) ? compactPayloadStart(bytes, start) : end;
}

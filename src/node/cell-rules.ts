/** What storage must know of cells, told by causality. */
import {
  cellExpiresAtMs,
  cellNewestWallMs,
  cellVersionRange,
  deletionOf,
  hasLiveContent,
  isDeletedCell,
  isNothingKnown,
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

/**
 * Where others hold copies too, what is deleted or expired stays until an exchange has found that they all know of it:
 * a replica that has forgotten a deletion would take the deleted value back from one that has not heard of it.
 */
export const clusterRules: CellRules = {
  merge: mergeCells,
  expiresAtMs: cellExpiresAtMs,
  isCollectible: isNothingKnown,
  remainsOf: deletionOf,
};

export const cellTraits: CellTraits = {
  expiresAtMs: cellExpiresAtMs,
  isTombstone: isDeletedCell,
  newestWallMs: cellNewestWallMs,
  versionRange: cellVersionRange,
};

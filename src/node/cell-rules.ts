/** What storage must know of cells, told by causality. */
import { cellExpiresAtMs, hasLiveContent, mergeCells } from "../causality/encoded-cell.ts";
import type { CellRules } from "../storage/storage-engine.ts";

/** A node that holds the only copy may forget what is deleted or expired at once: nobody else can bring it back. */
export const soleReplicaRules: CellRules = {
  merge: mergeCells,
  expiresAtMs: cellExpiresAtMs,
  isCollectible: (cell, wallMs) => !hasLiveContent(cell, wallMs),
};

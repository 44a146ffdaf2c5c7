/**
 * Which dead rows may be forgotten: told in plain data, so that it reaches other threads. A row is dead from the
 * moment its whole cell has expired or, if it only says that something was deleted, from its newest write on; it may be
 * dropped once that moment is not after its slot's horizon. Pure.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { NEVER_EXPIRES } from "../../storage-engine.ts";
import type { CellTraits } from "../table/cell-traits.ts";

export type CollectionRule =
  | { readonly kind: "none" }
  /** The sole replica: nobody else can bring back what it forgets. The horizon is the present. */
  | { readonly kind: "all"; readonly horizonMs: number }
  /** By slot, what all replicas have agreed on; 0: nothing yet. */
  | { readonly kind: "slots"; readonly horizonsMs: Float64Array };

/** The horizon that holds for every slot: what is written down in the tables of a compaction. */
export function horizonOfAll(rule: CollectionRule): number {
  return rule.kind === "all" ? rule.horizonMs : 0;
}

export function isCollectible(
  rule: CollectionRule,
  traits: CellTraits,
  slot: number,
  cell: ByteRange,
): boolean {
  if (rule.kind === "none") return false;
  const horizonMs = rule.kind === "all" ? rule.horizonMs : (rule.horizonsMs[slot] ?? 0);
  if (traits.isTombstone(cell)) return traits.newestWallMs(cell) <= horizonMs;
  const expiresAtMs = traits.expiresAtMs(cell);
  return expiresAtMs !== NEVER_EXPIRES && expiresAtMs <= horizonMs;
}

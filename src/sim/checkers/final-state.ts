/** What a cluster holds of each key when all is over: the merge of the copies of those who should have it. */
import { toText } from "../../base/bytes.ts";
import { type Cell, EMPTY_CELL } from "../../causality/cell.ts";
import { decodeCell } from "../../causality/cell-codec.ts";
import { merge } from "../../causality/cell-merge.ts";
import { resolveAll } from "../../causality/cell-value.ts";
import type { Aftermath } from "../history/history.ts";

/** Undefined if nobody whose copy counts could be looked at. */
export function finalCell({ replicas, placement }: Aftermath, key: string): Cell | undefined {
  const holders = (placement.get(key) ?? []).filter((node) => replicas.has(node));
  if (holders.length === 0) return undefined;
  return holders
    .map((node) => replicas.get(node)!.get(key))
    .filter((copy) => copy !== undefined)
    .map((copy) => decodeCell(copy))
    .reduce(merge, EMPTY_CELL);
}

/** Values of the cell, also those that have expired: they were not lost. */
export function valuesIn(cell: Cell): ReadonlySet<string> {
  const values = new Set<string>();
  for (const sibling of cell.siblings) if (sibling.kind === "value") values.add(toText(sibling.payload));
  return values;
}

/** What a client would be shown at that wall time, newest first. */
export function shownIn(cell: Cell, wallMs: number): readonly string[] {
  return resolveAll(cell, wallMs).map(({ payload }) => toText(payload));
}

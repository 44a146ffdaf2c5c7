/** Replicas that change what they are sent: by the clock, or by when it came. */
import { type Cell, compareAge, NEVER, type Sibling } from "../../causality/cell.ts";
import { decodeCell, encodeCell } from "../../causality/cell-codec.ts";
import { joinVectors } from "../../causality/version-vector.ts";
import type { StorageNode } from "../../node/node.ts";
import { type Sabotage, withoutShortcuts } from "./sabotage.ts";

export const clockMerge: Sabotage = {
  name: "merge that prefers the wall clock",
  breaks: "of concurrent values, a replica keeps the one with the newest time",
  seams: { onOpen: (node) => changeReceived(node, newestOnly) },
};

export const expiryByArrival: Sabotage = {
  name: "expiry by local arrival time",
  breaks: "a replica counts what a value has left to live from when it arrives there",
  seams: { onOpen: (node) => changeReceived(node, (cell, _, wallMs) => livingFrom(cell, wallMs)) },
};

type Change = (received: Cell, own: Cell | undefined, wallMs: number) => Cell;

function changeReceived(node: StorageNode, change: Change): void {
  withoutShortcuts(node);
  const { received } = node.replica;
  const merge = received.merge.bind(received);
  received.merge = async (ref, cell, wallMs) => {
    const own = await received.load(ref);
    const changed = change(decodeCell(cell), own && decodeCell(own), wallMs);
    await merge(ref, encodeCell(changed), wallMs);
  };
}

function newestOnly(received: Cell, own: Cell | undefined): Cell {
  const newest = [...received.siblings, ...(own?.siblings ?? [])].reduce<Sibling | undefined>(
    (best, sibling) => (best === undefined || compareAge(sibling, best) > 0 ? sibling : best),
    undefined,
  );
  if (newest?.kind !== "value" || !received.siblings.includes(newest)) return received;
  const context = joinVectors(received.context, own?.context ?? []);
  return { ...received, context, siblings: [newest] };
}

function livingFrom(cell: Cell, wallMs: number): Cell {
  const siblings = cell.siblings.map((sibling) => {
    const { expiresAtMs, hlc } = sibling;
    if (expiresAtMs === NEVER || sibling.kind !== "value") return sibling;
    return { ...sibling, expiresAtMs: Math.max(1, Math.round(expiresAtMs + wallMs - hlc.wallMs)) };
  });
  return { ...cell, siblings };
}

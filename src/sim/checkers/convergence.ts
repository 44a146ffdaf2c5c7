/**
 * Replicas become equal: so long after the last fault, every node that should hold a key holds the same bytes for it,
 * every node runs, all know one plan, and nothing moves any more.
 *
 * Finds: repairs and hints that do not arrive, versions that replicas change on their own, merges that depend on the order,
 * two plans that both won. Where a row has nothing alive, having forgotten it is as good as remembering its deletion.
 */
import { equalBytes } from "../../base/bytes.ts";
import { decodeCell } from "../../causality/cell-codec.ts";
import { resolveAll } from "../../causality/cell-value.ts";
import type { Aftermath, Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";

export const convergence: Checker = {
  name: "convergence",
  promise: "replicas become equal once the faults have stopped",
  check(_, aftermath) {
    return [
      ...nodesDown(aftermath),
      ...plansApart(aftermath),
      ...notMoved(aftermath),
      ...keysApart(aftermath),
    ].slice(0, VIOLATIONS_MAX);
  },
};

function nodesDown({ nodesDown: down, takenAtMs }: Aftermath): Violation[] {
  return down.map((name) => violation(`${name} does not run again`, takenAtMs));
}

function plansApart({ plans, takenAtMs }: Aftermath): Violation[] {
  if (new Set(plans.values()).size <= 1) return [];
  const known = [...plans].map(([node, plan]) => `${node}: ${plan}`).join("; ");
  return [violation(`nodes know different plans: ${known}`, takenAtMs)];
}

function notMoved({ moves, takenAtMs }: Aftermath): Violation[] {
  return moves.map((move) => violation(`slots have not got where they shall be: ${move}`, takenAtMs));
}

function* keysApart(aftermath: Aftermath): Iterable<Violation> {
  const { placement, replicas, takenAtMs, cached } = aftermath;
  for (const [key, holders] of placement) {
    if (cached?.has(key) === true) continue;
    const present = holders.filter((node) => replicas.has(node));
    const [first, ...others] = present.map((node) => ({ node, copy: contentOf(aftermath, node, key) }));
    const apart = others.find(({ copy }) => !equalContents(copy, first!.copy));
    if (apart === undefined) continue;
    yield { ...violation(`${apart.node} and ${first!.node} have different copies`, takenAtMs), key };
  }
}

/** Undefined if nothing of it lives. */
function contentOf({ replicas, wallMs }: Aftermath, node: string, key: string): Uint8Array | undefined {
  const copy = replicas.get(node)!.get(key);
  if (copy === undefined) return undefined;
  return resolveAll(decodeCell(copy), wallMs.get(node) ?? 0).length === 0 ? undefined : copy;
}

function equalContents(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}

function violation(message: string, atMs: number): Violation {
  return { checker: "convergence", message, operations: [], atMs };
}

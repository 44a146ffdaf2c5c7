/**
 * Copies are on distinct machines: every key has as many replicas as promised (or as its datacenters have machines), no two of them
 * on one machine, and nobody else has one.
 *
 * Finds: a ring that counts nodes or virtual nodes in place of machines, plans that forget where nodes stand, owners that do
 * not drop what has moved away.
 */
import type { Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";

export const placement: Checker = {
  name: "placement",
  promise: "the copies of a key are on distinct machines",
  check({ promises }, { placement: places, machines, datacenters, replicas, takenAtMs }) {
    const wanted = machinesWanted(promises.copies, machines, datacenters);
    const violations: Violation[] = [];
    for (const [key, holders] of places) {
      const distinct = new Set(holders.map((node) => machines.get(node) ?? node));
      const others = [...replicas].filter(([node, copies]) => copies.has(key) && !holders.includes(node));
      const isRight = distinct.size >= wanted && distinct.size === holders.length;
      if (isRight && others.length === 0) continue;
      const where = holders.map((node) => `${node} on ${machines.get(node)}`).join(", ");
      const message = isRight
        ? `${others.map(([node]) => node)} should not have it; these should: ${where}`
        : `${distinct.size} machines hold it, ${wanted} should: ${where}`;
      violations.push({ checker: "placement", message, key, operations: [], atMs: takenAtMs });
      if (violations.length === VIOLATIONS_MAX) break;
    }
    return violations;
  },
};

/** In each datacenter as many as promised, or as it has in the end: whoever has left or joined changes that. */
function machinesWanted(
  copies: number,
  machines: ReadonlyMap<string, string>,
  datacenters: ReadonlyMap<string, string>,
): number {
  const machinesIn = new Map<string, Set<string>>();
  for (const [node, machine] of machines) {
    const datacenter = datacenters.get(node) ?? "";
    machinesIn.set(datacenter, (machinesIn.get(datacenter) ?? new Set()).add(machine));
  }
  return [...machinesIn.values()].reduce((sum, { size }) => sum + Math.min(copies, size), 0);
}

/**
 * The fair share of each node: how many copies of a slot it should hold on average, 0..1 (water-filling).
 *
 * Load follows weight, as far as distinctness lets it: a machine holds at most one copy of a slot, and a rack
 * between `base` and `base` + 1 (site.ts). So the level L is sought at which
 *
 *   machine's share = min(1, L x its weight)     rack's share = the sum, but within its bounds
 *   the racks' shares together = copies
 *
 * and what a rack's bounds add or take is spread over its machines by a level of the rack's own. Nodes of one machine
 * divide its share by weight. With every weight 1 and enough racks it is copies / nodes.
 */
import { assert } from "../base/assert.ts";
import type { Site } from "./site.ts";

const HALVINGS = 100;

/** By number of the node. The sum is the site's copies. */
export function fairShares(site: Site): Float64Array {
  const weights = new Float64Array(site.machineCount);
  site.members.forEach(({ weight }, node) => {
    weights[site.machineOf[node]!]! += weight;
  });
  const racks = Array.from({ length: site.rackCount }, (_, rack) => ({
    machines: [...weights.keys()].filter((machine) => site.rackOfMachine[machine] === rack),
    least: site.base[rack]!,
    most: site.base[rack]! + (site.extras > 0 ? site.takesExtra[rack]! : 0),
  }));
  const filled = (machines: readonly number[], level: number): number =>
    machines.reduce((sum, machine) => sum + Math.min(1, level * weights[machine]!), 0);
  const bounded = (rack: (typeof racks)[number], level: number): number =>
    Math.min(rack.most, Math.max(rack.least, filled(rack.machines, level)));

  const level = levelAt(site.copies, (x) => racks.reduce((sum, rack) => sum + bounded(rack, x), 0));
  const machineShares = new Float64Array(site.machineCount);
  for (const rack of racks) {
    const rackLevel = levelAt(bounded(rack, level), (x) => filled(rack.machines, x));
    for (const machine of rack.machines) machineShares[machine] = Math.min(1, rackLevel * weights[machine]!);
  }
  return Float64Array.from(site.members, ({ weight }, node) => {
    const machine = site.machineOf[node]!;
    return (machineShares[machine]! * weight) / weights[machine]!;
  });
}

/** The least level at which `amountAt`, which rises with it, is `amount`. */
function levelAt(amount: number, amountAt: (level: number) => number): number {
  let low = 0;
  let high = 1; // a weight is at least 1, so everything is full
  assert(amountAt(high) >= amount - 1e-9, "there are machines for all copies");
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (amountAt(middle) < amount) low = middle;
    else high = middle;
  }
  return high;
}

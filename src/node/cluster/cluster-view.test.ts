import { expect, test } from "vitest";
import type { Topology } from "../../membership/topology.ts";
import { foundTopologyOf, type Newcomer } from "../../membership/topology-change.ts";
import { PlacementPlan } from "../../ring/placement-plan.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import { ClusterView } from "./cluster-view.ts";

const node = (id: string, rack: string, machine: string, datacenter = "d1"): Newcomer => {
  return { id, datacenter, rack, machine, weight: 1 };
};

function topologyOf(epoch: number, nodes: readonly Newcomer[]): Topology {
  const founded = foundTopologyOf("c", nodes);
  if (founded.kind === "refused") throw new Error(founded.reason);
  return { ...founded.topology, epoch };
}

const averages = new Map([["e", 5]]);
const late = new Set<string>();
const verdicts = {
  isLate: (id: string) => late.has(id),
  isUp: (id: string) => id !== "b",
  averageMs: (id: string) => averages.get(id) ?? 0,
  p99Ms: () => 1,
  leastMs: () => 1,
};
const five = [..."abcde"].map((id) => node(id, "r1", `m${id}`));

test("every slot has the replicas and fallbacks of the plan, also after a newer one", () => {
  const view = new ClusterView(five[0]!, topologyOf(1, five), verdicts);
  for (const topology of [topologyOf(1, five), topologyOf(2, five.slice(0, 4))]) {
    if (topology.epoch > 1) view.adopt(topology);
    const plan = new PlacementPlan(topology.members, new Map([["d1", 3]]));
    for (let slot = 0; slot < SLOT_COUNT; slot += 7) {
      expect(view.replicasOf(slot).map(({ id }) => id)).toEqual(plan.replicasOf(slot));
      expect(view.fallbacksOf(slot).map(({ id }) => id)).toEqual(plan.fallbacksOf(slot));
    }
    expect(view.replicasOf(9)).toBe(view.replicasOf(9));
  }
});

test("a plan does not give way to one that is not newer", () => {
  const view = new ClusterView(five[0]!, topologyOf(2, five), verdicts);
  expect(() => view.adopt(topologyOf(2, five.slice(1)))).toThrow(/newer/);
});

test("the same machine is nearer than the rack, that than the datacenter; then who answers faster", () => {
  const members = [
    node("a", "r1", "m1"),
    node("b", "r1", "m1"),
    node("c", "r1", "m2"),
    node("d", "r2", "m3"),
    node("e", "r2", "m4"),
    node("f", "r1", "m5", "d2"),
  ];
  const view = new ClusterView(members[0]!, topologyOf(1, members), verdicts);
  const nearest = [..."fedcba"].sort((x, y) => view.distanceTo(x) - view.distanceTo(y));
  expect(nearest.join("")).toBe("abcdef");
  late.add("b");
  expect(view.distanceTo("b")).toBeGreaterThan(view.distanceTo("f"));
  expect([view.isUp("a"), view.isUp("b"), view.isUp("c")]).toEqual([true, false, true]);
});

test("once slots have moved, requests by the plan before are refused for those whose owners are others, and no more", () => {
  const before = topologyOf(1, five);
  const view = new ClusterView(five[0]!, before, verdicts);
  const after = topologyOf(2, five.slice(0, 4));
  const [old, young] = [before, after].map(({ members }) => new PlacementPlan(members, new Map([["d1", 3]])));
  view.adopt(after);
  let refused = 0;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const isSame = [...old!.replicasOf(slot)].sort().join() === [...young!.replicasOf(slot)].sort().join();
    for (const isWrite of [false, true]) {
      const ask = (): void => view.requireCurrent(1, slot, isWrite);
      if (isSame) ask();
      else expect(ask).toThrow(/has moved/);
    }
    if (!isSame) refused++;
  }
  expect(refused).toBeGreaterThan(1_000);
  expect(refused).toBeLessThan(SLOT_COUNT);
});

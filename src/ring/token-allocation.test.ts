import { describe, expect, test } from "vitest";
import { PlacementPlan } from "./placement-plan.ts";
import { ringLoad, worstRatio } from "./ring-load.ts";
import type { RingMember } from "./ring-member.ts";
import { CLUSTERS, grow, movedCount, THREE_COPIES } from "./ring-samples.oracle.ts";
import { allocateTokens } from "./token-allocation.ts";

const ratioOf = (members: readonly RingMember[]): number => worstRatio(ringLoad(members, THREE_COPIES));
const shapes = Object.entries(CLUSTERS);
const nodesOf = (shape: (i: number) => RingMember, count: number): RingMember[] =>
  Array.from({ length: count }, (_, i) => shape(i));

describe.each(shapes)("%s", (_, shape) => {
  test("joined one by one, none carries a tenth more than its share, and little moves", () => {
    for (const { nodeCount, ratio, moved } of grow(shape, 24)) {
      expect(ratio, `${nodeCount} nodes`).toBeLessThanOrEqual(1.1);
      expect(moved ?? 0, `${nodeCount} nodes`).toBeLessThanOrEqual(1.2);
    }
  });

  test("a node that leaves or changes its weight leaves the rest even and mostly where it was", () => {
    const members = allocateTokens(nodesOf(shape, 16), THREE_COPIES);
    const loads = new Map(ringLoad(members, THREE_COPIES).map((load) => [load.id, load.slotCount]));
    const left = allocateTokens(
      members.filter(({ id }) => id !== "n007"),
      THREE_COPIES,
    );
    expect(ratioOf(left)).toBeLessThanOrEqual(1.1);
    expect(movedCount(members, left)).toBeLessThanOrEqual(1.6 * loads.get("n007")!);
    const heavier = members.map((member) => (member.id === "n007" ? { ...member, weight: 6 } : member));
    const grown = allocateTokens(heavier, THREE_COPIES);
    expect(ratioOf(grown)).toBeLessThanOrEqual(1.1);
    const lighter = grown.map((member) => (member.id === "n007" ? { ...member, weight: 2 } : member));
    const shrunk = allocateTokens(lighter, THREE_COPIES);
    expect(ratioOf(shrunk)).toBeLessThanOrEqual(1.1);
    expect(shrunk.find(({ id }) => id === "n007")!.tokens).toHaveLength(32);
  });
});

test("nodes that come at once get the tokens they would have got one by one", () => {
  const shape = CLUSTERS["weights 1, 2, 4"]!;
  const grown = [...grow(shape, 10)].at(-1)!;
  expect(allocateTokens(nodesOf(shape, 10), THREE_COPIES)).toEqual(grown.members);
});

test("members in another order get the same tokens", () => {
  const members = nodesOf(CLUSTERS["weights 1, 2, 4"]!, 12);
  expect(allocateTokens([...members].reverse(), THREE_COPIES)).toEqual(allocateTokens(members, THREE_COPIES));
});

test("a newcomer leaves the tokens of the others where they are, but for a few", () => {
  const members = allocateTokens(nodesOf(CLUSTERS["equal nodes, no racks"]!, 20), THREE_COPIES);
  const joined = allocateTokens([...members, CLUSTERS["equal nodes, no racks"]!(20)], THREE_COPIES);
  const before = members.flatMap(({ id, tokens }) => tokens.map((token) => `${id}:${token}`));
  const after = new Set(joined.flatMap(({ id, tokens }) => tokens.map((token) => `${id}:${token}`)));
  expect(before.filter((token) => !after.has(token)).length).toBeLessThanOrEqual(16);
});

test("datacenters are allocated apart: a node more in one moves nothing in the other", () => {
  const copies = new Map([
    ["dc", 3],
    ["far", 2],
  ]);
  const near = nodesOf(CLUSTERS["equal nodes, no racks"]!, 5);
  const far = near.slice(0, 3).map((member) => ({ ...member, id: `far-${member.id}`, datacenter: "far" }));
  const members = allocateTokens([...near, ...far], copies);
  const more = allocateTokens([...members, { ...far[0]!, id: "far-9", machine: "m9" }], copies);
  const nearTokens = (all: readonly RingMember[]): unknown =>
    all.filter(({ datacenter }) => datacenter === "dc");
  expect(nearTokens(more)).toEqual(nearTokens(members));
  const plan = new PlacementPlan(more, copies);
  for (let slot = 0; slot < 16384; slot += 111) {
    const replicas = plan.replicasOf(slot);
    expect(replicas.map((id) => id.startsWith("far"))).toEqual([false, false, false, true, true]);
    expect(new Set(replicas).size).toBe(5);
  }
});

test("nodes of one machine never hold two copies of a slot", () => {
  const members = allocateTokens(nodesOf(CLUSTERS["four nodes a machine"]!, 17), THREE_COPIES);
  const machineOf = new Map(members.map(({ id, machine }) => [id, machine]));
  const plan = new PlacementPlan(members, THREE_COPIES);
  for (let slot = 0; slot < 16384; slot++) {
    expect(new Set(plan.replicasOf(slot).map((id) => machineOf.get(id))).size).toBe(3);
  }
});

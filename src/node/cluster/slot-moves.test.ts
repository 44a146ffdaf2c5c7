import { expect, test } from "vitest";
import type { Topology } from "../../membership/topology.ts";
import {
  addMember,
  beginJoin,
  changeCopies,
  finishVoters,
  foundTopologyOf,
  type Newcomer,
  removeMember,
  type TopologyChange,
} from "../../membership/topology-change.ts";
import { PlacementPlan } from "../../ring/placement-plan.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import { gainersIn, gainersOf, slotMovesOf } from "./slot-moves.ts";

const node = (id: string): Newcomer => ({ id, datacenter: "d", rack: id, machine: id, weight: 1 });

function changed(change: TopologyChange): Topology {
  if (change.kind === "refused") throw new Error(change.reason);
  return change.topology;
}

const five = changed(foundTopologyOf("c", [..."abcde"].map(node)));
const joining = changed(beginJoin(changed(finishVoters(changed(addMember(five, node("f"))))), "f"));
const leaving = changed(removeMember(five, "c"));

/** Slot by slot, by the plans of before and after. */
function expectMoves(topology: Topology, copies: readonly [now: number, next: number]): void {
  const { members, move } = topology;
  const tokens = new Map(move!.tokens.map((each) => [each.id, each.tokens]));
  const next = members.map((member) => ({ ...member, tokens: tokens.get(member.id) ?? member.tokens }));
  const before = new PlacementPlan(members, new Map([["d", copies[0]]]));
  const after = new PlacementPlan(next, new Map([["d", copies[1]]]));
  const moves = new Map(slotMovesOf(topology).map((each) => [each.slot, each]));
  const gainers = new Set<NodeId>();
  let moved = 0;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const [old, young] = [before.replicasOf(slot), after.replicasOf(slot)];
    const isSame = [...old].sort().join() === [...young].sort().join();
    expect(moves.has(slot)).toBe(!isSame);
    if (isSame) continue;
    moved++;
    expect([moves.get(slot)!.before, moves.get(slot)!.after]).toEqual([old, young]);
    for (const id of gainersOf(moves.get(slot)!)) gainers.add(id);
  }
  expect(moved).toBeGreaterThan(1_000);
  expect([...gainersIn(topology)].sort()).toEqual([...gainers].sort());
}

test("the slots whose owners a move changes are those in which the plans differ, each with its owners", () => {
  expectMoves(joining, [3, 3]);
  expectMoves(leaving, [3, 3]);
  expectMoves(changed(changeCopies(five, [{ datacenter: "d", count: 2 }])), [3, 2]);
});

test("they are told in the order of slots, and none where nothing moves", () => {
  const slots = slotMovesOf(joining).map(({ slot }) => slot);
  expect(slots).toEqual([...slots].sort((a, b) => a - b));
  expect(slotMovesOf(five)).toEqual([]);
});

import { expect, test } from "vitest";
import type { Topology } from "../../membership/topology.ts";
import {
  addMember,
  beginJoin,
  finishVoters,
  foundTopologyOf,
  removeMember,
  replaceMember,
  settleMove,
  type TopologyChange,
} from "../../membership/topology-change.ts";
import { isStuck } from "./stuck-move.ts";

const node = (id: string, datacenter = "d") => ({ id, datacenter, rack: id, machine: id, weight: 1 });

function changed(change: TopologyChange): Topology {
  if (change.kind === "refused") throw new Error(change.reason);
  return change.topology;
}

const founded = (...nodes: ReturnType<typeof node>[]): Topology => changed(foundTopologyOf("c", nodes));
const FIVE = founded(...["a", "b", "c", "d", "e"].map((id) => node(id)));
const joining = (topology: Topology, id: string, datacenter?: string): Topology =>
  changed(beginJoin(changed(finishVoters(changed(addMember(topology, node(id, datacenter))))), id));
const but =
  (...down: readonly string[]) =>
  (id: string): boolean =>
    !down.includes(id);

test("a move needs whoever gains slots by it, and nobody that only gives some up", () => {
  const leave = changed(removeMember(FIVE, "a"));
  expect(isStuck(leave, but())).toBe(false);
  expect(isStuck(leave, but("a"))).toBe(false);
  expect(isStuck(leave, but("b"))).toBe(true);
  expect(isStuck(joining(FIVE, "f"), but("f"))).toBe(true);
  expect(isStuck(joining(FIVE, "f"), but("b"))).toBe(false);
});

test("it needs enough owners to have missed no write: of a datacenter with two copies both, but for one whose place is taken", () => {
  const sites = founded(node("a"), node("b"), node("c", "e"), node("d", "e"));
  expect(isStuck(joining(sites, "f", "e"), but("d"))).toBe(true);
  expect(isStuck(changed(replaceMember(sites, node("f", "e"), "d")), but("d"))).toBe(false);
});

test("what does not stream is not stuck", () => {
  expect(isStuck(FIVE, but("a", "b", "c"))).toBe(false);
  expect(isStuck(changed(settleMove(joining(FIVE, "f"), "f")), but("f"))).toBe(false);
});

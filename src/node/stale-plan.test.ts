/** Requests by a plan that is older than the receiver's, or newer, in a simulated world. */
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { NEVER } from "../causality/cell.ts";
import { encodeCell } from "../causality/cell-codec.ts";
import type { Move, Topology } from "../membership/topology.ts";
import { foundTopologyOf } from "../membership/topology-change.ts";
import { encodeWriteCell, REPLICA_METHOD } from "../replication/replica-message.ts";
import { slotOf } from "../ring/slot.ts";
import { ClusterView } from "./cluster/cluster-view.ts";
import { FixedTown } from "./fixed-town.oracle.ts";

/** A plan of the same members by which one of them has most tokens. */
function nextPlan(town: FixedTown): Topology {
  const { members, clusterId } = town.topology;
  const founders = members.map(({ id, datacenter, rack, machine }, i) => {
    return { id, datacenter, rack, machine, weight: i === 3 ? 4 : 1 };
  });
  const founded = foundTopologyOf(clusterId, founders);
  if (founded.kind === "refused") throw new Error(founded.reason);
  return { ...founded.topology, epoch: 2 };
}

/** A key of which node 0 keeps a copy by the one plan, and none by the other. */
function keyThatLeaves(town: FixedTown, next: Topology): Uint8Array {
  const verdicts = {
    isUp: () => true,
    isLate: () => false,
    averageMs: () => 0,
    p99Ms: () => 0,
    leastMs: () => 0,
  };
  const [before, after] = [town.topology, next].map(
    (plan) => new ClusterView(plan.members[0]!, plan, verdicts),
  );
  const keeps = (view: ClusterView, key: Uint8Array): boolean =>
    view.replicasOf(slotOf(key)).some(({ id }) => id === view.self.id);
  for (let i = 0; ; i++) {
    const key = utf8(`k${i}`);
    if (keeps(before!, key) && !keeps(after!, key)) return key;
  }
}

/** The move by which that node comes to the tokens of the next plan. */
function moveTo(town: FixedTown, next: Topology): Move {
  const tokens = next.members.map((member) => ({ id: member.id, tokens: member.tokens }));
  return { kind: "reweigh", id: town.ids[3]!, stage: "streaming", since: 2, missed: [], tokens };
}

async function stage(seed: string) {
  const town = await FixedTown.open(seed, 4);
  const next = nextPlan(town);
  const ref = { database: 0, key: keyThatLeaves(town, next) };
  const cell = encodeCell({ context: [{ actor: 7n, counter: 1 }], siblings: [], absorbed: [] });
  /** Node 1 asks node 0 to take the key. */
  const write = (epoch: number): Promise<Uint8Array> => {
    const payload = encodeWriteCell({ epoch, ref, cell, hintFor: undefined });
    const { calls } = town.node(1).cluster!;
    return town.world.runUntil(
      calls.call(town.ids[0]!, REPLICA_METHOD.writeCell, payload, { timeoutMs: 500 }),
    );
  };
  return { town, next, write };
}

test("by an older plan, a node is not made to keep what it keeps no more", async () => {
  const { town, next, write } = await stage("older");
  await write(1);
  town.node(0).cluster!.adopt(next);
  await expect(write(1)).rejects.toMatchObject({ code: "STALE_PLAN", outcome: "not-applied" });
});

test("once a slot moves, it is not written by a plan that does not know where to", async () => {
  const { town, next, write } = await stage("moving");
  const move = moveTo(town, next);
  town.node(0).cluster!.adopt({ ...town.topology, epoch: 2, move });
  await expect(write(1)).rejects.toMatchObject({ code: "STALE_PLAN", outcome: "not-applied" });
  await write(2);
  town.node(0).cluster!.adopt({ ...town.topology, epoch: 3, move: { ...move, stage: "settling" } });
  await write(2); // it was brought to both sides
  await write(4);
});

test("who writes by a plan that is too old learns of the newer one, and his client sees nothing of it", async () => {
  const { town, next } = await stage("renewed");
  const move = moveTo(town, next);
  for (const index of [1, 2, 3]) town.node(index).cluster!.adopt({ ...town.topology, epoch: 2, move });
  for (let i = 0; i < 20; i++) {
    if (town.node(0).cluster!.view.owns(town.ids[0]!, slotOf(utf8(`k${i}`))))
      await town.set(0, `k${i}`, "v", "quorum");
  }
  expect(town.node(0).cluster!.topology.epoch).toBe(2);
});

test("who is asked by a newer plan fetches it from who asked", async () => {
  const { town, next, write } = await stage("newer");
  await town.world.runFor(100); // the next gossip is far away
  town.node(1).cluster!.adopt(next);
  await write(2);
  await town.world.runFor(50);
  expect(town.node(0).cluster!.topology.epoch).toBe(2);
});

test("so it is though another replica dies at that moment", async () => {
  const { town, next } = await stage("renewed, and one dies");
  const move = moveTo(town, next);
  for (const index of [1, 2, 3]) town.node(index).cluster!.adopt({ ...town.topology, epoch: 2, move });
  const [{ view: old }, { view }] = [town.node(0).cluster!, town.node(1).cluster!];
  const isMoving = (slot: number): boolean =>
    view.otherReplicasOf(slot) !== undefined && [0, 1, 2].every((index) => old.owns(town.ids[index]!, slot));
  const key = Array.from({ length: 500 }, (_, i) => `k${i}`).find((each) => isMoving(slotOf(utf8(each))))!;
  town.world.setLatency("n0", "n2", { baseMs: 50, jitterMs: 0 });
  const change = { kind: "put", value: utf8("v"), expiresAtMs: NEVER } as const;
  const options = { level: "quorum", isSloppy: false, readLevel: undefined } as const;
  const { coordinator } = town.node(0).cluster!;
  const ref = { database: 0, key: utf8(key) };
  const written = coordinator.update(ref, options, () => ({ reply: undefined, change }));
  await town.world.runFor(30); // node 1 has refused by now
  town.world.kill("n2");
  await town.world.runUntil(written);
  expect(town.node(0).cluster!.topology.epoch).toBe(2);
});

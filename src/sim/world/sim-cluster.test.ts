/** A cluster of whole nodes in a simulated world must do what one of processes does: nothing of it is replaced. */
import { expect, test } from "vitest";
import type { Outcome } from "../history/history.ts";
import { planCluster } from "./cluster-plan.ts";
import { DoorClient } from "./door-client.ts";
import { SimCluster } from "./sim-cluster.ts";

const replied = (reply: unknown): Outcome => ({ kind: "reply", reply: reply as never });

async function clientOf(cluster: SimCluster, name: string): Promise<DoorClient> {
  const { network } = cluster.world.runtime("clients");
  return cluster.world.runUntil(DoorClient.connect(network, name, 1_000));
}

test.each([
  ["found themselves", undefined],
  ["have known each other", { copies: [{ datacenter: "dc1", count: 3 }] }],
])(
  "nodes that %s serve any key at any node, also of one that was killed and came back",
  async (_, keyspace) => {
    const plan = planCluster({ nodes: 5, settings: { storage: "disk" }, ...(keyspace && { keyspace }) });
    const cluster = new SimCluster(`founds ${keyspace}`, plan);
    await cluster.found();
    const first = await clientOf(cluster, "n1");
    const last = await clientOf(cluster, "n5");
    expect(await cluster.world.runUntil(first.call("SET", "k", "v"))).toEqual(replied("OK"));
    cluster.kill("n2");
    expect(await cluster.world.runUntil(last.call("INCR", "c"))).toEqual(replied(1));
    cluster.start("n2", { peerPort: 18_000 });
    await cluster.runUntilUp(["n2"], 10_000);
    const back = await clientOf(cluster, "n2");
    expect(await cluster.world.runUntil(back.call("MGET", "k", "c"))).toEqual(replied(["v", "1"]));
  },
);

test("a request is unknown where the node died over it, and not applied where it says so", async () => {
  const cluster = new SimCluster("outcomes", planCluster({ nodes: 3 }));
  await cluster.found();
  const client = await clientOf(cluster, "n1");
  expect(await cluster.world.runUntil(client.call("INCR", "k", "k"))).toMatchObject({ kind: "not-applied" });
  const cut = client.call("SET", "k", "v");
  cluster.kill("n1");
  expect(await cluster.world.runUntil(cut)).toMatchObject({ kind: "unknown" });
  expect(await cluster.world.runUntil(client.call("GET", "k"))).toMatchObject({ kind: "not-applied" });
  await expect(clientOf(cluster, "n1")).rejects.toThrow("cannot connect");
});

test("a node of a fixed cluster comes back under a higher generation, wherever its clock stands", async () => {
  const keyspace = { copies: [{ datacenter: "dc1", count: 3 }] };
  const cluster = new SimCluster("back in time", planCluster({ nodes: 3, keyspace }));
  await cluster.found();
  cluster.kill("n2");
  cluster.world.jumpClock("n2", -3_600_000);
  await cluster.world.runFor(20_000);
  const isUp = (): boolean =>
    cluster
      .node("n1")
      .cluster!.members()
      .find(({ peerHost }) => peerHost === "n2")!.isUp;
  expect(isUp()).toBe(false);
  cluster.start("n2");
  await cluster.runUntilUp(["n2"], 10_000);
  await cluster.world.runFor(5_000);
  expect(isUp()).toBe(true);
});

test("a cluster can do without a node for good while a majority of those who decide is left", async () => {
  const two = new SimCluster("two", planCluster({ nodes: 2 }));
  await two.found();
  expect(two.canDoWithout("n2")).toBe(false);
  const three = new SimCluster("three", planCluster({ nodes: 3 }));
  await three.found();
  expect(three.canDoWithout("n2")).toBe(true);
  three.join({ name: "n4", datacenter: "dc1", rack: "r", machine: "m4", weight: 1 });
  expect(three.joinedCount).toBe(1);
});

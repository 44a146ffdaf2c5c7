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

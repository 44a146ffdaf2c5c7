/** The versioned API where replicas do not all know the same: in a simulated cluster, by its clients' doors. */
import { expect, test } from "vitest";
import type { Reply } from "../src/sim/history/history.ts";
import { planCluster } from "../src/sim/world/cluster-plan.ts";
import { DoorClient } from "../src/sim/world/door-client.ts";
import { SimCluster } from "../src/sim/world/sim-cluster.ts";

async function stage() {
  const cluster = new SimCluster("contexts", planCluster({ nodes: 3 }));
  await cluster.found();
  const { world } = cluster;
  const connect = (name: string): Promise<DoorClient> =>
    world.runUntil(DoorClient.connect(world.runtime(`client of ${name}`).network, name, 1_000));
  const ask = async (door: DoorClient, ...command: readonly string[]): Promise<Reply> => {
    const outcome = await world.runUntil(door.call(...command));
    if (outcome.kind !== "reply") throw new Error(`${command}: ${outcome.error}`);
    return outcome.reply;
  };
  return { world, ask, doors: { n1: await connect("n1"), n2: await connect("n2") } };
}

test("a value written beside others is replaced by its context also at a replica that has not heard of it", async () => {
  const { world, ask, doors } = await stage();
  await ask(doors.n1, "KV.PUT", "k", "of others");
  await world.runFor(100);
  world.partition("n1", "n2");
  const context = await ask(doors.n1, "KV.PUT", "k", "first");
  await ask(doors.n2, "KV.PUT", "k", "second", "CONTEXT", String(context));
  world.heal();
  await world.runFor(10_000);
  const [, ...values] = (await ask(doors.n1, "KV.GET", "k")) as readonly string[];
  expect(values).toEqual(["second", "of others"]);
});

test("a context that is none is refused", async () => {
  const { ask, doors } = await stage();
  await expect(ask(doors.n1, "KV.PUT", "k", "v", "CONTEXT", "abc")).rejects.toThrow("not a causal context");
});

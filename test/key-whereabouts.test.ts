/** KV.WHERE: where a key lives, and what each replica has of it. */
import { beforeEach, expect, test } from "vitest";
import { slotOf } from "../src/ring/slot.ts";
import type { KeyWhereabouts } from "../src/server/cluster/key-whereabouts.ts";
import { SimCluster } from "./support/sim-cluster.ts";
import { type SimClient, SimServer } from "./support/sim-server.ts";

const KEY = "cart:42";
const SLOT = slotOf(Buffer.from(KEY));

let cluster: SimCluster;
let client: SimClient;

beforeEach(async () => {
  cluster = await new SimCluster("whereabouts", 5).listen();
  client = await cluster.client(cluster.ids[0]!);
});

async function where(at = client): Promise<KeyWhereabouts> {
  return JSON.parse(String(await cluster.settle(at.call("KV.WHERE", KEY))));
}

test("a key that nobody has written is missing at all its replicas", async () => {
  const found = await where();
  const replicas = cluster.plan.replicasOf(SLOT);
  expect(found).toMatchObject({
    key: KEY,
    keyEncoding: "utf8",
    slot: SLOT,
    keyspace: "default",
    identical: true,
  });
  expect(found.preferenceList).toEqual(replicas);
  expect(found.fallbacks).toEqual(cluster.plan.fallbacksOf(SLOT));
  expect(found.replicas).toEqual(replicas.map((id) => ({ id, state: "missing", version: null })));
  expect(found.merged.siblings).toEqual([]);
});

test("values that did not know of each other stand side by side, with their dots; any node tells the same", async () => {
  await cluster.settle(client.call("KV.PUT", KEY, "tea"));
  await cluster.settle(client.call("KV.PUT", KEY, "cake"));
  await cluster.world.runFor(1_000);
  const found = await where();
  for (const { state, version } of found.replicas) {
    expect(state).toBe("present");
    expect(version!.siblings.map(({ value }) => value).sort()).toEqual(["cake", "tea"]);
    const [dot] = version!.siblings.map((sibling) => sibling.dot);
    expect(version!.context).toEqual([{ actor: dot!.actor, counter: 2 }]);
  }
  expect(found.identical).toBe(true);
  expect(await where(await cluster.client(cluster.ids[4]!))).toMatchObject({ replicas: found.replicas });
  await cluster.settle(client.call("KV.PUT", KEY, "both", "CONTEXT", found.merged.context));
  expect((await where()).merged.siblings.map(({ value }) => value)).toEqual(["both"]);
});

test("a replica that has missed a write, and one that cannot be reached, are told from the others", async () => {
  const [first, second, third] = cluster.plan.replicasOf(SLOT);
  client = await cluster.client(first!);
  await cluster.settle(client.call("SET", KEY, "old"));
  await cluster.world.runFor(1_000);
  cluster.down.add(third!);
  await cluster.settle(client.call("SET", KEY, "new", "PX", "60000"));
  await cluster.world.runFor(1_000);
  cluster.down.delete(third!);
  const missed = await where();
  const values = new Map(missed.replicas.map(({ id, version }) => [id, version!.siblings[0]!.value]));
  expect([values.get(first!), values.get(second!), values.get(third!)]).toEqual(["new", "new", "old"]);
  expect(missed.identical).toBe(false);
  expect(missed.merged.siblings).toMatchObject([{ value: "new" }]);
  expect(missed.merged.siblings[0]!.expiresAtMs).toBeGreaterThan(0);
  cluster.down.add(second!);
  const states = new Map((await where()).replicas.map(({ id, state }) => [id, state]));
  expect(states.get(second!)).toBe("unreachable");
});

test("what was deleted leaves a tombstone", async () => {
  await cluster.settle(client.call("INCRBY", KEY, "5"));
  await cluster.settle(client.call("DEL", KEY));
  await cluster.world.runFor(1_000);
  const { replicas } = await where();
  expect(replicas.map(({ state }) => state)).toEqual(["tombstone", "tombstone", "tombstone"]);
});

test("a node alone has the only copy; counters and bytes that are no text are shown as what they are", async () => {
  const alone = await new SimServer("alone", "in place").listen();
  const at = await alone.client();
  const ask = async (key: string): Promise<KeyWhereabouts> =>
    JSON.parse(String(await alone.settle(at.call("KV.WHERE", key))));
  await alone.settle(at.call("INCRBY", "n", "5"));
  await alone.settle(at.call("SETBIT", "bits", "0", "1"));
  const counter = await ask("n");
  expect(counter.replicas).toHaveLength(1);
  expect(counter.merged.siblings).toMatchObject([{ kind: "increment", value: "5", valueEncoding: "utf8" }]);
  expect((await ask("bits")).merged.siblings).toMatchObject([
    { value: "gA==", valueEncoding: "base64", bytes: 1 },
  ]);
});

/** The examples of docs/versioned-api.md, by ioredis against a real door. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startKvorum } from "./support/kvorum-peer.ts";
import type { Peer } from "./support/redis-peer.ts";

let kvorum: Peer;
let redis: Redis;

beforeAll(async () => {
  kvorum = await startKvorum();
  redis = new Redis(kvorum.port);
});

afterAll(async () => {
  redis.disconnect();
  await kvorum.close();
});

async function see(key: string): Promise<{ context: string; values: string[] }> {
  const [context, ...values] = (await redis.call("KV.GET", key)) as [string, ...string[]];
  return { context, values };
}

test("two tabs change one cart, and no change is lost", async () => {
  await redis.set("cart:7", "apple");
  const { context } = await see("cart:7");
  await redis.call("KV.PUT", "cart:7", "apple pear", "CONTEXT", context);
  await redis.call("KV.PUT", "cart:7", "apple plum", "CONTEXT", context);
  expect(await redis.get("cart:7")).toBe("apple plum");
  const conflict = await see("cart:7");
  expect(conflict.values).toEqual(["apple plum", "apple pear"]);
  await redis.call("KV.PUT", "cart:7", "apple pear plum", "CONTEXT", conflict.context);
  expect((await see("cart:7")).values).toEqual(["apple pear plum"]);
});

test("programs that read, merge and write need no lock", async () => {
  const update = async (item: string): Promise<void> => {
    const { context, values } = await see("cart:8");
    const items = new Set(values.flatMap((value) => JSON.parse(value) as string[]));
    await redis.call("KV.PUT", "cart:8", JSON.stringify([...items, item]), "CONTEXT", context);
  };
  await Promise.all(["apple", "pear", "plum"].map(update));
  expect((await see("cart:8")).values).toHaveLength(3);
  await update("quince");
  const [value] = (await see("cart:8")).values;
  expect((JSON.parse(value!) as string[]).toSorted()).toEqual(["apple", "pear", "plum", "quince"]);
});

test("in a transaction, and with bytes that are no text", async () => {
  const bytes = Buffer.from([0, 255, 13, 10]);
  const replies = await redis.multi().call("KV.PUT", "raw", bytes).call("KV.GET", "raw").exec();
  expect(replies).toHaveLength(2);
  const [, value] = (await redis.callBuffer("KV.GET", "raw")) as Buffer[];
  expect(value).toEqual(bytes);
});

test("what cannot be done is said", async () => {
  await expect(redis.call("KV.PUT", "k", "v", "CONTEXT", "nonsense")).rejects.toThrow(
    "ERR not a causal context of this database",
  );
  for (let i = 0; i < 100; i++) await redis.call("KV.PUT", "many", `${i}`);
  await expect(redis.call("KV.PUT", "many", "100")).rejects.toThrow(/^TOOMANYSIBLINGS NOTAPPLIED /);
  await redis.set("many", "one");
  expect((await see("many")).values).toEqual(["one"]);
});

/** unstorage, the key-value layer of Nitro and Nuxt, with its Redis driver. */
import { createClient } from "redis";
import { createStorage, type Storage } from "unstorage";
import redisDriver from "unstorage/drivers/redis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ServingNode } from "../support/serving-node.ts";

let node: ServingNode;
let redis: ReturnType<typeof connect>;
const storages: Storage[] = [];

function connect() {
  return createClient({ socket: { port: node.port } });
}

function open(options: { base?: string; ttl?: number; scanCount?: number } = {}): Storage {
  const storage = createStorage({
    driver: redisDriver({ url: `redis://127.0.0.1:${node.port}`, ...options }),
  });
  storages.push(storage);
  return storage;
}

beforeAll(async () => {
  node = await ServingNode.start();
  redis = connect();
  await redis.connect();
});

beforeEach(() => redis.flushAll());

afterAll(async () => {
  await Promise.all(storages.map((storage) => storage.dispose()));
  await redis?.close();
  await node?.close();
});

test("sets, gets, has, removes", async () => {
  const storage = open();
  await storage.setItem("user:1", { name: "ann" });
  expect(await storage.getItem("user:1")).toEqual({ name: "ann" });
  expect(await storage.hasItem("user:1")).toBe(true);
  expect(await redis.get("user:1")).toBe('{"name":"ann"}');
  await storage.removeItem("user:1");
  expect(await storage.hasItem("user:1")).toBe(false);
  expect(await storage.getItem("user:1")).toBeNull();
});

test("keeps bytes", async () => {
  const storage = open();
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  await storage.setItemRaw("blob", bytes);
  expect(Buffer.from((await storage.getItemRaw("blob"))!)).toEqual(bytes);
});

test("sets and gets many", async () => {
  const storage = open();
  await storage.setItems([
    { key: "a", value: "1" },
    { key: "b", value: "two" },
  ]);
  expect(await storage.getItems(["a", "b", "none"])).toEqual([
    { key: "a", value: 1 },
    { key: "b", value: "two" },
    { key: "none", value: null },
  ]);
});

test("keeps items for the driver's time, or for their own", async () => {
  const storage = open({ ttl: 1_000 });
  await storage.setItem("a", "1");
  await storage.setItem("b", "1", { ttl: 100 });
  expect(await redis.ttl("a")).toSatisfy((seconds) => seconds > 900 && seconds <= 1_000);
  expect(await redis.ttl("b")).toSatisfy((seconds) => seconds > 50 && seconds <= 100);
});

test.each([undefined, 500])("lists and clears below its base only (SCAN's COUNT: %s)", async (scanCount) => {
  const storage = open({ base: "site[1]", ...(scanCount && { scanCount }) });
  const keys = Array.from({ length: 200 }, (_, i) => `page:${i}`);
  await Promise.all([...keys, "image:1"].map((key) => storage.setItem(key, "x")));
  await Promise.all([open({ base: "site1" }), open()].map((other) => other.setItem("page:1", "other")));
  expect((await storage.getKeys("page")).sort()).toEqual(keys.toSorted());
  expect(await storage.getKeys()).toHaveLength(201);
  await storage.clear();
  expect(await storage.getKeys()).toEqual([]);
  expect((await redis.keys("*")).sort()).toEqual(["page:1", "site1:page:1"]);
});

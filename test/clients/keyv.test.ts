/** Caches: keyv with its Redis adapter, and cache-manager on top of that. */
import KeyvRedis, { createKeyv } from "@keyv/redis";
import { createCache } from "cache-manager";
import Keyv from "keyv";
import { createClient } from "redis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ServingNode } from "../support/serving-node.ts";

const HOUR_MS = 3_600_000;

let node: ServingNode;
let redis: ReturnType<typeof connect>;
const opened: { disconnect(): Promise<unknown> }[] = [];

function connect() {
  return createClient({ socket: { port: node.port } });
}

function url(): string {
  return `redis://127.0.0.1:${node.port}`;
}

/** Closes it when all is done. */
function closedLater<T extends { disconnect(): Promise<unknown> }>(cache: T): T {
  opened.push(cache);
  return cache;
}

beforeAll(async () => {
  node = await ServingNode.start();
  redis = connect();
  await redis.connect();
});

beforeEach(() => redis.flushAll());

afterAll(async () => {
  await Promise.all(opened.map((cache) => cache.disconnect()));
  await redis?.close();
  await node?.close();
});

describe("keyv", () => {
  const open = (namespace?: string) =>
    closedLater(createKeyv(url(), { throwOnErrors: true, ...(namespace && { namespace }) }));

  test("sets, gets, has, deletes", async () => {
    const cache = closedLater(new Keyv(new KeyvRedis(url())));
    const value = { name: "ann", tags: ["a", "b"], at: null };
    expect(await cache.set("user", value)).toBe(true);
    expect(await cache.get("user")).toEqual(value);
    expect(await cache.has("user")).toBe(true);
    expect(await cache.delete("user")).toBe(true);
    expect(await cache.delete("user")).toBe(false);
    expect(await cache.get("user")).toBeUndefined();
    expect(await cache.has("user")).toBe(false);
  });

  test("many at once, each for its own time", async () => {
    const cache = open();
    const keys = ["a", "b", "none"];
    await cache.setMany([
      { key: "a", value: 1 },
      { key: "b", value: { two: 2 }, ttl: HOUR_MS },
    ]);
    expect(await cache.getMany(keys)).toEqual([1, { two: 2 }, undefined]);
    expect(await cache.hasMany(keys)).toEqual([true, true, false]);
    expect(await redis.pTTL("a")).toBe(-1);
    expect(await redis.pTTL("b")).toSatisfy((ms) => ms > HOUR_MS - 100_000 && ms <= HOUR_MS);
    expect(await cache.deleteMany(keys)).toBe(true);
    expect(await cache.getMany(keys)).toEqual([undefined, undefined, undefined]);
  });

  test("forgets what has expired, and so does the node", async () => {
    const cache = open();
    await cache.set("short", "x", 1);
    while ((await redis.exists("short")) === 1); // until its millisecond is over
    expect(await cache.get("short")).toBeUndefined();
  });

  test("namespaces do not see or clear each other's keys", async () => {
    const [cats, dogs] = [open("cats"), open("dogs")];
    await cats.set("tom", 1);
    await dogs.set("tom", 2);
    await dogs.set("rex", 3);
    expect(await cats.get("tom")).toBe(1);
    expect(await entriesOf(dogs)).toEqual([
      ["rex", 3],
      ["tom", 2],
    ]);
    await cats.clear();
    expect(await entriesOf(cats)).toEqual([]);
    expect(await dogs.getMany(["tom", "rex"])).toEqual([2, 3]);
  });

  test("iterates over and clears more than fits in one batch", async () => {
    const cache = open("many");
    const entries = Array.from({ length: 1_500 }, (_, i) => ({ key: `k${i}`, value: i }));
    await cache.setMany(entries);
    const found = new Map(await entriesOf(cache));
    expect(found).toEqual(new Map(entries.map(({ key, value }) => [key, value])));
    await cache.clear();
    expect(await redis.dbSize()).toBe(0);
  });
});

describe("cache-manager", () => {
  const open = (options: { ttl?: number } = {}) =>
    closedLater(createCache({ stores: [createKeyv(url())], ...options }));

  test("sets, gets, deletes, one or many", async () => {
    const cache = open();
    await cache.set("a", { n: 1 });
    expect(await cache.get("a")).toEqual({ n: 1 });
    expect(await cache.get("none")).toBeUndefined();
    await cache.mset<unknown>([
      { key: "b", value: 2 },
      { key: "c", value: "three", ttl: HOUR_MS },
    ]);
    expect(await cache.mget(["a", "b", "c", "none"])).toEqual([{ n: 1 }, 2, "three", undefined]);
    await cache.mdel(["a", "b"]);
    await cache.del("c");
    expect(await redis.dbSize()).toBe(0);
  });

  test("keeps what is set for its time, and knows when that ends", async () => {
    const cache = open({ ttl: HOUR_MS });
    await cache.set("x", 1);
    expect(await redis.pTTL("x")).toBeGreaterThan(HOUR_MS - 100_000);
    expect(await cache.ttl("x")).toBeTypeOf("number");
    await cache.set("y", 1, 1);
    while ((await redis.exists("y")) === 1); // until its millisecond is over
    expect(await cache.get("y")).toBeUndefined();
  });

  test("computes what is missing once", async () => {
    const cache = open();
    let computed = 0;
    const compute = async () => ({ times: ++computed });
    expect(await Promise.all([cache.wrap("w", compute), cache.wrap("w", compute)])).toEqual([
      { times: 1 },
      { times: 1 },
    ]);
    expect(await open().wrap("w", compute)).toEqual({ times: 1 });
  });

  test("clears", async () => {
    const cache = open();
    await cache.mset(Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: i })));
    await cache.clear();
    expect(await redis.dbSize()).toBe(0);
  });
});

async function entriesOf(cache: Keyv): Promise<[string, unknown][]> {
  const entries: [string, unknown][] = [];
  for await (const entry of cache.iterator!(cache.namespace)) entries.push(entry as [string, unknown]);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

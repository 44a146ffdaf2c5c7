/** Clients of Redis Cluster: they find the nodes by one of them, send each key to who keeps it, and outlive a node's death. */
import { GlideClusterClient, Logger } from "@valkey/valkey-glide";
import { Cluster } from "ioredis";
import { Cluster as Cluster6 } from "ioredis6";
import { createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RealCluster, type RealNode } from "../support/cluster/real-cluster.ts";
import { until } from "../support/cluster/until.ts";
import { RawClient } from "../support/raw-client.ts";

/** What users do with a cluster's client; each method is the library's own way. */
interface ClusterClient {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<string | null>;
  increment(key: string): Promise<number>;
  delete(keys: string[]): Promise<number>;
  close(): Promise<void> | void;
}

interface ClusterLibrary {
  readonly name: string;
  /** Of four nodes, how many it sends keys to. */
  readonly nodesReached: number;
  connect(port: number): Promise<ClusterClient>;
}

/** What ioredis and node-redis have in common. */
interface RedisLike {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<string | null>;
  incr(key: string): Promise<number>;
  del(keys: string[]): Promise<number>;
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
}

async function connected(redis: RedisLike, close: () => void): Promise<ClusterClient> {
  redis.on("error", () => undefined);
  await redis.connect();
  return {
    set: (key, value) => redis.set(key, value),
    get: (key) => redis.get(key),
    increment: (key) => redis.incr(key),
    delete: (keys) => redis.del(keys),
    close,
  };
}

function ioredisLike(name: string, Library: typeof Cluster): ClusterLibrary {
  return {
    name,
    nodesReached: 4,
    connect(port) {
      const redis = new Library([{ host: "127.0.0.1", port }], { lazyConnect: true });
      return connected(redis, () => redis.disconnect());
    },
  };
}

const nodeRedis: ClusterLibrary = {
  name: "node-redis",
  nodesReached: 4,
  connect(port) {
    const redis = createCluster({ rootNodes: [{ socket: { host: "127.0.0.1", port } }] });
    return connected(redis as unknown as RedisLike, () => redis.destroy());
  },
};

const glide: ClusterLibrary = {
  name: "GLIDE",
  // It takes a node for the primary of all its ranges or for a replica in all, so some get nothing but what is forwarded.
  nodesReached: 2,
  async connect(port) {
    Logger.setLoggerConfig("off");
    const client = await GlideClusterClient.createClient({
      addresses: [{ host: "127.0.0.1", port }],
      requestTimeout: 5_000,
    });
    return {
      set: (key, value) => client.set(key, value),
      get: (key) => client.get(key) as Promise<string | null>,
      increment: (key) => client.incr(key),
      delete: (keys) => client.del(keys),
      close: () => client.close(),
    };
  },
};

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await RealCluster.start(4);
}, 60_000);

afterAll(() => cluster?.close());

/** Commands of clients that a node has run. */
async function callsAt({ port }: RealNode, command: string): Promise<number> {
  const client = await RawClient.connect(port);
  const stats = (await client.call("INFO", "commandstats")).toString();
  client.close();
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

describe.each([
  ioredisLike("ioredis", Cluster),
  ioredisLike("ioredis 6", Cluster6 as never),
  nodeRedis,
  glide,
])("$name as a client of a cluster", (library) => {
  const keys = Array.from({ length: 60 }, (_, i) => `${library.name}:${i}`);

  test("reaches every key, and every node by itself", async () => {
    const before = await Promise.all(cluster.nodes.map((node) => callsAt(node, "set")));
    const client = await library.connect(cluster.nodes[0]!.port);
    for (const key of keys) expect(await client.set(key, `of ${key}`)).toBe("OK");
    for (const key of keys) expect(await client.get(key)).toBe(`of ${key}`);
    expect(await client.increment("{n}counter")).toBeGreaterThan(0);
    expect(await client.delete(["{n}counter", "{n}none"])).toBe(1);
    const after = await Promise.all(cluster.nodes.map((node) => callsAt(node, "set")));
    const reached = after.filter((calls, i) => calls > before[i]!);
    expect(reached.length).toBeGreaterThanOrEqual(library.nodesReached);
    client.close();
  }, 60_000);

  test("goes on when a node dies", async () => {
    const client = await library.connect(cluster.nodes[0]!.port);
    for (const key of keys) await client.set(key, "before");
    const victim = cluster.nodes[3]!;
    await victim.kill();
    await until("all keys are written and read", async () => {
      const results = await Promise.allSettled(keys.map((key) => client.set(key, "after")));
      return results.every(({ status }) => status === "fulfilled");
    });
    for (const key of keys) expect(await client.get(key)).toBe("after");
    client.close();
    await cluster.start(victim);
    await cluster.whole();
  }, 60_000);
});

/** node-redis: one client, and a pool of them. */
import { createClient, createClientPool, MultiErrorReply, RESP_TYPES, WatchError } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServingNode } from "../support/serving-node.ts";
import { type ConnectOptions, type LibraryClient, testClientLibraries } from "./client-library.contract.ts";

function create({ port, ...options }: ConnectOptions) {
  return createClient({ socket: { port }, ...options });
}

class NodeRedisClient implements LibraryClient {
  readonly #redis: ReturnType<typeof create>;

  constructor(redis: ReturnType<typeof create>) {
    this.#redis = redis;
  }

  set(key: string, value: string): Promise<unknown> {
    return this.#redis.set(key, value);
  }

  setFor(seconds: number, key: string, value: string): Promise<unknown> {
    return this.#redis.set(key, value, { expiration: { type: "EX", value: seconds } });
  }

  get(key: string): Promise<string | null> {
    return this.#redis.get(key);
  }

  getMany(keys: string[]): Promise<(string | null)[]> {
    return this.#redis.mGet(keys);
  }

  setBytes(key: Buffer, value: Buffer): Promise<unknown> {
    return this.#redis.set(key, value);
  }

  getBytes(key: Buffer): Promise<Buffer | null> {
    return this.#redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get(key);
  }

  delete(keys: string[]): Promise<number> {
    return this.#redis.del(keys);
  }

  increment(key: string): Promise<number> {
    return this.#redis.incr(key);
  }

  secondsLeft(key: string): Promise<number> {
    return this.#redis.ttl(key);
  }

  async scan(pattern: string): Promise<string[]> {
    const found: string[] = [];
    for await (const keys of this.#redis.scanIterator({ MATCH: pattern })) found.push(...keys);
    return found;
  }

  call(...call: string[]): Promise<unknown> {
    return this.#redis.sendCommand(call);
  }

  /** Whatever is asked in one turn is sent at once. */
  async pipeline(calls: string[][]): Promise<unknown[]> {
    const results = await Promise.allSettled(calls.map((call) => this.#redis.sendCommand(call)));
    return results.map((result) => (result.status === "fulfilled" ? result.value : result.reason));
  }

  async transaction(calls: string[][]): Promise<unknown[] | null> {
    const multi = this.#redis.multi();
    for (const call of calls) multi.addCommand(call);
    return multi.exec().catch((cause: unknown) => {
      if (cause instanceof WatchError) return null;
      if (cause instanceof MultiErrorReply) return cause.replies;
      throw cause;
    });
  }

  watch(key: string): Promise<unknown> {
    return this.#redis.watch(key);
  }

  async outlive(interrupt: () => Promise<void>): Promise<void> {
    const ready = new Promise((resolve) => this.#redis.once("ready", resolve));
    await interrupt();
    await ready;
  }

  async close(): Promise<void> {
    this.#redis.destroy();
  }
}

testClientLibraries({
  name: "node-redis 6",
  protocol: 3,
  introduction: / lib-name=node-redis lib-ver=6/,
  async connect(options) {
    const redis = create(options);
    const refused = new Promise<never>((_resolve, reject) => redis.on("error", reject));
    refused.catch(() => undefined); // once it is connected, what cuts it off is meant to
    await Promise.race([redis.connect(), refused]).catch((cause: unknown) => {
      redis.destroy();
      throw cause;
    });
    return new NodeRedisClient(redis);
  },
});

describe("node-redis 6 in a pool", () => {
  let node: ServingNode;
  let pool: ReturnType<typeof createPool>;

  function createPool() {
    return createClientPool({ socket: { port: node.port } });
  }

  beforeAll(async () => {
    node = await ServingNode.start();
    pool = createPool();
    await pool.connect();
  });

  afterAll(async () => {
    await pool?.close();
    await node?.close();
  });

  test("shares the work among its connections", async () => {
    const numbers = Array.from({ length: 300 }, (_, i) => `${i}`);
    await Promise.all(numbers.map((number) => pool.set(number, number)));
    expect(await Promise.all(numbers.map((number) => pool.get(number)))).toEqual(numbers);
    expect(pool.totalClients).toBeGreaterThan(1);
  });

  test("sends what is gathered for one connection, in order", async () => {
    const replies = await pool.multi().set("n", "41").incr("n").get("n").execAsPipelineTyped();
    expect(replies).toEqual(["OK", 42, "42"]);
  });

  test("keeps a transaction and what it watches on one connection", async () => {
    await pool.set("stock", "10");
    const sell = () =>
      pool.execute(async (client) => {
        await client.watch("stock");
        const stock = Number(await client.get("stock"));
        return client
          .multi()
          .set("stock", `${stock - 1}`)
          .exec();
      });
    const sold = await Promise.allSettled(Array.from({ length: 20 }, sell));
    const soldCount = sold.filter(({ status }) => status === "fulfilled").length;
    expect(soldCount).toBeGreaterThan(0);
    expect(await pool.get("stock")).toBe(`${10 - soldCount}`);
  });
});

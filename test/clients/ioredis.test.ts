/** ioredis, in both of the versions that are in wide use, and Valkey's fork of it. */
import { once } from "node:events";
import { Redis } from "ioredis";
import { Redis as Redis6 } from "ioredis6";
import { Redis as Valkey } from "iovalkey";
import { type ConnectOptions, type LibraryClient, testClientLibraries } from "./client-library.contract.ts";

/** The three differ in types that do not matter here. */
class IoredisClient implements LibraryClient {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  set(key: string, value: string): Promise<unknown> {
    return this.#redis.set(key, value);
  }

  setFor(seconds: number, key: string, value: string): Promise<unknown> {
    return this.#redis.set(key, value, "EX", seconds);
  }

  get(key: string): Promise<string | null> {
    return this.#redis.get(key);
  }

  getMany(keys: string[]): Promise<(string | null)[]> {
    return this.#redis.mget(keys);
  }

  setBytes(key: Buffer, value: Buffer): Promise<unknown> {
    return this.#redis.set(key, value);
  }

  getBytes(key: Buffer): Promise<Buffer | null> {
    return this.#redis.getBuffer(key);
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
    for await (const keys of this.#redis.scanStream({ match: pattern })) found.push(...keys);
    return found;
  }

  call(name: string, ...args: string[]): Promise<unknown> {
    return this.#redis.call(name, ...args);
  }

  async pipeline(calls: string[][]): Promise<unknown[]> {
    return repliesOf(await this.#redis.pipeline(inLowerCase(calls)).exec())!;
  }

  async transaction(calls: string[][]): Promise<unknown[] | null> {
    return repliesOf(await this.#redis.multi(inLowerCase(calls)).exec());
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
    this.#redis.disconnect();
  }
}

/** Its methods are in lower case, and it wants to be given their names. */
function inLowerCase(calls: string[][]): string[][] {
  return calls.map(([name, ...args]) => [name!.toLowerCase(), ...args]);
}

function repliesOf(results: [Error | null, unknown][] | null): unknown[] | null {
  return results?.map(([error, reply]) => error ?? reply) ?? null;
}

type Constructor = new (port: number, options: { password?: string; db?: number }) => Redis;

/** `Library` is one of the three classes named Redis. */
function connectWith(Library: unknown): (options: ConnectOptions) => Promise<LibraryClient> {
  return async ({ port, password, database }) => {
    const chosen = { ...(password && { password }), ...(database && { db: database }) };
    const redis = new (Library as Constructor)(port, chosen);
    await once(redis, "ready").catch((cause: unknown) => {
      redis.disconnect();
      throw cause;
    });
    redis.on("error", () => undefined); // what cuts it off is meant to
    return new IoredisClient(redis);
  };
}

const introduction = / lib-name=ioredis lib-ver=\d/;

testClientLibraries(
  { name: "ioredis 5", protocol: 2, introduction, connect: connectWith(Redis) },
  { name: "ioredis 6", protocol: 3, introduction, connect: connectWith(Redis6) },
  { name: "iovalkey", protocol: 2, introduction: / lib-name= /, connect: connectWith(Valkey) },
);

/** Keyspaces of a node alone, as clients see them. */
import { describe, expect, test } from "vitest";
import type { PlainReply } from "../src/resp/plain-reply.ts";
import type { Call } from "./support/raw-client.ts";
import { SimServer } from "./support/sim-server.ts";

/** To the second: engines that are slow let some time go by. */
const TTL_S = 60;

/** Of calls that give a key a value and say nothing of an expiry; `kept`: of a key without one, they leave it so. */
const WRITES: readonly (readonly [call: Call, kept: boolean])[] = [
  [["SET", "KEY", "1"], false],
  [["SET", "KEY", "1", "GET"], false],
  [["SET", "KEY", "1", "KEEPTTL"], true],
  [["GETSET", "KEY", "1"], false],
  [["MSET", "KEY", "1", "other", "2"], false],
  [["APPEND", "KEY", "1"], true],
  [["SETRANGE", "KEY", "2", "1"], true],
  [["SETBIT", "KEY", "9", "1"], true],
  [["BITFIELD", "KEY", "SET", "u8", "0", "9"], true],
  [["BITOP", "NOT", "KEY", "source"], false],
  [["INCR", "KEY"], true],
  [["DECRBY", "KEY", "7"], true],
  [["INCRBYFLOAT", "KEY", "0.5"], true],
  [["COPY", "source", "KEY", "REPLACE"], false],
  [["RENAME", "source", "KEY"], false],
  [["KV.PUT", "KEY", "1"], false],
];

describe.each([0, 5, "in place"] as const)("an engine slow %s times in ten", (slow) => {
  async function open() {
    const server = await new SimServer("keyspaces", slow).listen();
    const client = await server.client();
    const ask = (...call: Call): Promise<PlainReply> => server.settle(client.call(...call));
    expect(await ask("KV.KEYSPACE", "SET", "short", "TTL", "1m")).toBe("OK");
    const ttl = async (key: string): Promise<number> => {
      const ms = Number(await ask("PTTL", key));
      return ms < 0 ? ms : Math.round(ms / 1000);
    };
    const ttls = async (...keys: readonly string[]): Promise<number[]> => {
      const found: number[] = [];
      for (const key of keys) found.push(await ttl(key));
      return found;
    };
    return { ask, ttl, ttls };
  }

  test("what is written without an expiry gets the keyspace's, whichever command writes it", async () => {
    const { ask, ttl } = await open();
    for (const [index, [call]] of WRITES.entries()) {
      await ask("SET", "source", "1");
      const key = `short:${index}`;
      const reply = await ask(...call.map((word) => (word === "KEY" ? key : word)));
      expect([call, String(reply).startsWith("Error")]).toEqual([call, false]);
      expect([call, await ttl(key)]).toEqual([call, TTL_S]);
      const elsewhere = `long:${index}`;
      await ask("SET", "source", "1");
      await ask(...call.map((word) => (word === "KEY" ? elsewhere : word)));
      expect([call, await ttl(elsewhere)]).toEqual([call, -1]);
    }
  });

  test("a key that is there and shall not expire keeps that until its value is replaced", async () => {
    const { ask, ttl } = await open();
    for (const [index, [call, isKept]] of WRITES.entries()) {
      await ask("SET", "source", "1");
      const key = `short:${index}`;
      await ask("SET", key, "5");
      expect(await ask("PERSIST", key)).toBe(1);
      await ask(...call.map((word) => (word === "KEY" ? key : word)));
      expect([call, await ttl(key)]).toEqual([call, isKept ? -1 : TTL_S]);
    }
  });

  test("an expiry that is given counts, also in a transaction; without one, the keyspace's does", async () => {
    const { ask, ttl, ttls } = await open();
    await ask("SET", "short:a", "1", "PX", "5000");
    await ask("SETEX", "short:b", "5", "1");
    await ask("SETNX", "short:c", "1");
    await ask("SET", "short:d", "1", "NX");
    expect(await ttls("short:a", "short:b", "short:c", "short:d")).toEqual([5, 5, TTL_S, TTL_S]);
    await ask("MULTI");
    for (const call of [
      ["SET", "short:e", "1"],
      ["MSET", "short:f", "1"],
      ["INCR", "short:g"],
    ] as const) {
      await ask(...call);
    }
    await ask("EXEC");
    expect(await ttls("short:e", "short:f", "short:g")).toEqual([TTL_S, TTL_S, TTL_S]);
    await ask("INCR", "short:g");
    expect(await ttl("short:g")).toBe(TTL_S);
  });
});

test("concurrent values are shown as the conflict rule says, and kept whatever it says", async () => {
  const server = await new SimServer("conflicts", 0).listen();
  const client = await server.client();
  const ask = (...call: Call): Promise<PlainReply> => server.settle(client.call(...call));
  for (const value of ["a", "b"]) await ask("KV.PUT", "carts:1", value);
  const values = async (): Promise<unknown[]> => ((await ask("KV.GET", "carts:1")) as unknown[]).slice(1);
  expect(await values()).toEqual(["b", "a"]);
  expect(await ask("KV.KEYSPACE", "SET", "carts", "CONFLICT", "newest")).toBe("OK");
  expect(await values()).toEqual(["b"]);
  await ask("KV.KEYSPACE", "DROP", "carts");
  expect(await values()).toEqual(["b", "a"]);
  await ask("KV.KEYSPACE", "SET", "carts", "CONFLICT", "newest");
  const context = await ask("KV.PUT", "carts:1", "c");
  await ask("KV.KEYSPACE", "SET", "carts", "CONFLICT", "siblings");
  expect(await values()).toEqual(["c"]);
  expect(await ask("KV.DEL", "carts:1", "CONTEXT", String(context))).toBe(1);
  expect(await values()).toEqual([]);
});

test("keyspaces are shown, listed, changed and dropped, and refused with the reason", async () => {
  const server = await new SimServer("verbs", 0).listen();
  const client = await server.client();
  const ask = (...call: Call): Promise<PlainReply> => server.settle(client.call(...call));
  const shown = async (name: string): Promise<unknown> => ask("KV.KEYSPACE", "SHOW", name);
  await ask("KV.KEYSPACE", "SET", "sessions", "ttl", "90s", "read", "one");
  expect(await shown("sessions")).toEqual([
    ...["name", "sessions", "copies", "dc1=1", "read", "one", "write", "quorum"],
    ...["reads-see-writes", "always", "ttl", "90s", "conflict", "siblings", "storage", "disk", "mode", "ap"],
  ]);
  expect(await ask("KV.KEYSPACE", "LIST")).toHaveLength(2);
  for (const [words, refusal] of [
    [["SET", "a:b"], /a keyspace is named by 1 to 64 letters/],
    [["SET", "a", "TLL", "3"], /no setting "TLL": there are COPIES, READ,/],
    [["SET", "a", "TTL"], /TTL says nothing/],
    [["SET", "a", "TTL", "soon"], /TTL soon: a time such as/],
    [["SET", "a", "READ", "most"], /READ most: one, quorum/],
    [["SET", "a", "READ", "2"], /read 2: a keeps 1 copy/],
    [["SET", "a", "COPIES", "dc1"], /COPIES dc1: say how many/],
    [["SET", "a", "COPIES", "3"], /a node alone keeps one copy/],
    [["SET", "a", "MODE", "cp"], /no mode cp yet/],
    [["SET", "a", "MAXMEMORY", "1mb"], /a has storage disk/],
    [["SET", "a", "MAXMEMORY", "much"], /MAXMEMORY much: a size such as/],
    [["SET", "a", "EVICT", "oldest"], /EVICT oldest: it is noeviction or allkeys-lru/],
    [["SET", "default", "STORAGE", "memory"], /where the node's --storage says/],
    [["DROP", "default"], /the default keyspace stays/],
    [["DROP", "nobody"], /there is no keyspace nobody/],
    [["SHOW", "nobody"], /there is no keyspace nobody/],
  ] as const) {
    expect(String(await ask("KV.KEYSPACE", ...words))).toMatch(refusal);
  }
  expect(await ask("KV.KEYSPACE", "DROP", "sessions")).toBe("OK");
  expect(await ask("KV.KEYSPACE", "LIST")).toHaveLength(1);
});

test("a keyspace in memory keeps to its own limit, by its own policy, and INFO tells of it", async () => {
  const server = await new SimServer("limits", 0).listen();
  const client = await server.client();
  const ask = (...call: Call): Promise<PlainReply> => server.settle(client.call(...call));
  const limits = ["STORAGE", "memory", "MAXMEMORY", "1mb", "EVICT", "allkeys-lru"] as const;
  expect(await ask("KV.KEYSPACE", "SET", "pages", ...limits)).toBe("OK");
  await ask("KV.KEYSPACE", "SET", "kept", "STORAGE", "memory", "MAXMEMORY", "1mb");
  expect(await ask("KV.KEYSPACE", "SHOW", "pages")).toEqual(
    expect.arrayContaining(["storage", "memory", "maxmemory", "1mb", "evict", "allkeys-lru"]),
  );
  const value = "x".repeat(10_000);
  for (let i = 0; i < 200; i++) {
    await ask("SET", `pages:${i}`, value);
    await ask("SET", `users:${i}`, value);
  }
  expect(await ask("EXISTS", "pages:199", "users:0", "users:199")).toBe(3);
  const info = String(await ask("INFO", "keyspace"));
  const [, rows, evicted] = /kvorum_keyspace_pages:storage=memory,rows=(\d+),.*evicted=(\d+)/.exec(info)!;
  expect(Number(rows)).toBeGreaterThan(50);
  expect(Number(rows) + Number(evicted)).toBe(200);
  expect(await ask("DBSIZE")).toBe(200 + Number(rows));
  expect(await ask("OBJECT", "IDLETIME", "pages:199")).toBe(0);
  const replies: unknown[] = [];
  for (let i = 0; i < 200; i++) replies.push(await ask("SET", `kept:${i}`, value));
  expect(replies[0]).toBe("OK");
  expect(String(replies.at(-1))).toMatch(/OOM command not allowed/);
  expect(await ask("SET", "users:200", value)).toBe("OK");
});

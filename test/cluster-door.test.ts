/** What clients of a cluster see at its doors: any node serves any key. In a simulated world, with a fixed plan. */
import { beforeEach, describe, expect, test } from "vitest";
import type { PlainReply } from "../src/resp/plain-reply.ts";
import type { ClusterStatus } from "../src/server/commands/kv-status.ts";
import type { Call } from "./support/raw-client.ts";
import { SimCluster } from "./support/sim-cluster.ts";
import { type SimClient, SimServer } from "./support/sim-server.ts";

test("a node alone tells of itself as a cluster of one", async () => {
  const server = await new SimServer("status", 0).listen();
  const client = await server.client();
  const status = JSON.parse(String(await server.settle(client.call("KV.STATUS")))) as ClusterStatus;
  expect(status).toMatchObject({
    clusterId: null,
    epoch: 0,
    members: [{ up: true, self: true, slots: 16384, share: 1 }],
  });
  expect(status.members[0]!.id).toBe(status.self);
});

describe("five nodes that keep three copies", () => {
  let cluster: SimCluster;
  let clients: SimClient[];

  beforeEach(async () => {
    cluster = await new SimCluster("doors", 5).listen();
    clients = [];
    for (const id of cluster.ids) clients.push(await cluster.client(id));
  });

  const ask = (by: number, ...call: Call): Promise<PlainReply> => cluster.settle(clients[by]!.call(...call));

  test("the status names every member, what it keeps, and who is down", async () => {
    cluster.down.add("n4");
    const status = JSON.parse(String(await ask(1, "KV.STATUS"))) as ClusterStatus;
    expect(status).toMatchObject({ clusterId: "sim", epoch: 1, self: "n2" });
    expect(status.members.map(({ id, up, self }) => [id, up, self])).toEqual(
      cluster.ids.map((id) => [id, id !== "n4", id === "n2"]),
    );
    expect(status.members.reduce((sum, { slots }) => sum + slots, 0)).toBe(3 * 16384);
    expect(status.members.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(status.keyspaces).toEqual([
      { name: "default", copies: 3, read: "quorum", write: "quorum", mode: "ap" },
    ]);
  });

  test("what is written at any node is read at every other, whoever keeps the key", async () => {
    for (let i = 0; i < 25; i++) {
      expect(await ask(i % 5, "SET", `key ${i}`, `value ${i}`)).toBe("OK");
      for (let by = 0; by < 5; by++) expect(await ask(by, "GET", `key ${i}`)).toBe(`value ${i}`);
    }
    expect(await ask(3, "GET", "nothing")).toBeNull();
    expect(await ask(4, "SET", "k", "v", "NX")).toBe("OK");
    expect(await ask(2, "SET", "k", "w", "NX", "GET")).toBe("v");
  });

  test("increments at all nodes count, and each sees those before it", async () => {
    for (let i = 0; i < 40; i++) expect(await ask(i % 5, "INCR", "n")).toBe(i + 1);
    expect(await ask(1, "APPEND", "n", "0")).toBe(3);
    expect(await ask(0, "INCRBY", "n", "1")).toBe(401);
    expect(await ask(2, "SETEX", "n", "100", "x")).toBe("OK");
    expect(await ask(3, "TTL", "n")).toBe(100);
    expect(await ask(3, "INCR", "n")).toEqual(new Error("ERR value is not an integer or out of range"));
  });

  test("keys of several slots are written and read together", async () => {
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    expect(await ask(0, "MSET", ...keys.flatMap((key) => [key, `of ${key}`]))).toBe("OK");
    expect(await ask(3, "MGET", ...keys, "none")).toEqual([...keys.map((key) => `of ${key}`), null]);
    expect(await ask(1, "EXISTS", ...keys, "k1")).toBe(31);
    expect(await ask(2, "MSETNX", "k1", "x", "new", "y")).toBe(0);
    expect(await ask(2, "DEL", "k1", "k1", "k2", "none")).toBe(2);
    expect(await ask(4, "MSETNX", "k1", "x", "new", "y")).toBe(1);
    expect(await ask(4, "RENAME", "new", "newer")).toBe("OK");
    expect(await ask(1, "MGET", "k1", "new", "newer")).toEqual(["x", null, "y"]);
    expect(await ask(1, "COPY", "newer", "k1", "REPLACE")).toBe(1);
    expect(await ask(1, "BITOP", "OR", "dest", "k1", "newer")).toBe(1);
    expect(await ask(0, "GET", "dest")).toBe("y");
    expect(await ask(2, "MOVE", "dest", "3")).toBe(1);
    expect(await ask(3, "GET", "dest")).toBeNull();
    expect(await ask(3, "SELECT", "3")).toBe("OK");
    expect(await ask(3, "GET", "dest")).toBe("y");
  });

  test("keys of one slot are written at once, at whatever node", async () => {
    for (let by = 0; by < 5; by++) {
      expect(await ask(by, "MSET", "{t}a", `a${by}`, "{t}b", `b${by}`)).toBe("OK");
      expect(await ask((by + 1) % 5, "MGET", "{t}a", "{t}b")).toEqual([`a${by}`, `b${by}`]);
      expect(await ask(by, "RENAME", "{t}a", "{t}c")).toBe("OK");
      expect(await ask((by + 2) % 5, "DEL", "{t}a", "{t}b", "{t}c")).toBe(2);
    }
    expect(await ask(1, "RENAME", "{t}a", "{t}c")).toEqual(new Error("ERR no such key"));
  });

  test("with one node down, known or not, all goes on; with two, what lacks a quorum says so", async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    cluster.silent.add("n2");
    for (const [i, key] of keys.entries()) {
      expect(await ask([0, 2, 3, 4][i % 4]!, "SET", key, "2")).toBe("OK");
      expect(await ask([2, 3, 4, 0][i % 4]!, "GET", key)).toBe("2");
    }
    cluster.silent.clear();
    cluster.down.add("n2");
    for (const [i, key] of keys.entries()) expect(await ask([0, 2, 3, 4][i % 4]!, "INCR", key)).toBe(3);
    cluster.down.add("n3");
    const replies: PlainReply[] = [];
    for (const key of keys) replies.push(await ask(0, "GET", key));
    const refused = replies.filter((reply) => reply instanceof Error);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(keys.length);
    for (const { message } of refused) expect(message).toMatch(/^QUORUMUNAVAILABLE NOTAPPLIED /);
  });
});

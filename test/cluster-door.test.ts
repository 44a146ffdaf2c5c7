/** What clients of a cluster see at its doors: any node serves any key. In a simulated world, with a fixed plan. */
import { beforeEach, describe, expect, test } from "vitest";
import { utf8 } from "../src/base/bytes.ts";
import type { PlainReply } from "../src/resp/plain-reply.ts";
import { slotOf } from "../src/ring/slot.ts";
import type { ClusterStatus } from "../src/server/commands/kv-status.ts";
import type { Call } from "./support/raw-client.ts";
import { keyspaceNamed, SimCluster } from "./support/sim-cluster.ts";
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
    expect(status.keyspaces).toMatchObject([
      { name: "default", copies: 3, copiesByDatacenter: { d: 3 }, read: "quorum", write: "quorum" },
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

  test("a write that looks at its key sees the newest, also at a node that has missed it", async () => {
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
    for (const [i, id] of cluster.ids.entries()) {
      for (const key of keys) await ask(i, "SET", key, "old");
      cluster.down.add(id);
      for (const key of keys) await ask((i + 1) % 5, "SET", key, "newest");
      cluster.down.delete(id);
      expect(await ask(i, "SETNX", "k0", "x")).toBe(0);
      expect(await ask(i, "GETSET", "k1", "mine")).toBe("newest");
      for (const key of keys.slice(2)) expect(await ask(i, "APPEND", key, "+")).toBe("newest+".length);
      expect(await ask((i + 2) % 5, "MGET", "k0", "k1", "k2")).toEqual(["newest", "mine", "newest+"]);
    }
  });

  /** All keys that SCAN shows, in its order. */
  async function scanned(by: number, ...options: string[]): Promise<string[]> {
    const keys: string[] = [];
    let cursor = "0";
    do {
      const [next, some] = (await ask(by, "SCAN", cursor, ...options)) as [string, string[]];
      keys.push(...some);
      cursor = next;
    } while (cursor !== "0");
    return keys;
  }

  test("all keys are met once by SCAN and KEYS, and counted once, also with a node down that has missed some", async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `key:${i}`);
    for (const [i, key] of keys.slice(0, 30).entries()) await ask(i % 5, "SET", key, "v");
    cluster.down.add("n2");
    for (const [i, key] of keys.slice(30).entries()) await ask([0, 2, 3, 4][i % 4]!, "SET", key, "v");
    expect(await ask(3, "DEL", "key:0", "key:1", "key:2")).toBe(3);
    cluster.down.delete("n2");
    const left = keys.slice(3).sort();
    for (const by of [0, 1, 4]) {
      expect((await scanned(by, "COUNT", "7")).sort()).toEqual(left);
      expect([...((await ask(by, "KEYS", "key:*")) as string[])].sort()).toEqual(left);
    }
    expect(await scanned(2, "MATCH", "key:5?", "COUNT", "1000")).toHaveLength(10);
    expect(await ask(1, "KEYS", "key:7")).toEqual(["key:7"]);
    expect(await ask(3, "DBSIZE")).toBeGreaterThan(50);
    const met = new Set<PlainReply>();
    for (let i = 0; i < 150; i++) met.add(await ask(i % 5, "RANDOMKEY"));
    expect(met.size).toBeGreaterThan(30);
    for (const key of met) expect(left).toContain(key);
  });

  test("FLUSHDB leaves other databases alone, FLUSHALL nothing; a node that was down does not bring keys back", async () => {
    for (let i = 0; i < 20; i++) await ask(i % 5, "SET", `k${i}`, "v");
    await ask(1, "SELECT", "2");
    for (let i = 0; i < 20; i++) await ask(1, "SET", `k${i}`, "w");
    cluster.down.add("n5");
    expect(await ask(0, "FLUSHDB")).toBe("OK");
    expect(await scanned(0)).toEqual([]);
    expect(await scanned(1)).toHaveLength(20);
    cluster.down.delete("n5");
    for (let i = 0; i < 20; i++) expect(await ask(4, "GET", `k${i}`)).toBeNull();
    expect(await scanned(4)).toEqual([]);
    expect(await ask(3, "FLUSHALL")).toBe("OK");
    expect(await scanned(1)).toEqual([]);
    expect(await ask(1, "RANDOMKEY")).toBeNull();
    expect(await ask(1, "SWAPDB", "0", "1")).toEqual(
      new Error("ERR SWAPDB is not possible in a cluster: databases have the same number on every node"),
    );
  });

  test("FLUSHDB deletes what the replica that does it has missed, and what it has missed a change of", async () => {
    for (let i = 0; i < 20; i++) await ask(i % 5, "SET", `k${i}`, "old");
    for (const [by, id] of cluster.ids.entries()) {
      cluster.down.add(id);
      for (let i = 0; i < 40; i++) expect(await ask((by + 1) % 5, "SET", `k${i}`, "new")).toBe("OK");
      cluster.down.clear();
      expect(await ask(by, "FLUSHDB")).toBe("OK");
      for (let i = 0; i < 40; i++) expect(await ask((by + i) % 5, "GET", `k${i}`)).toBeNull();
      expect(await scanned(by)).toEqual([]);
    }
  });

  test("clients of Redis Cluster find the slots, with those that are up, the first in the preference list first", async () => {
    cluster.down.add("n3");
    type Entry = [number, number, ...[string, number, string, PlainReply][]];
    const slots = (await ask(0, "CLUSTER", "SLOTS")) as unknown as Entry[];
    let next = 0;
    for (const [first, last, ...members] of slots) {
      expect(first).toBe(next);
      next = last + 1;
      const replicas = cluster.plan.replicasOf(first).filter((id) => id !== "n3");
      expect(members.map(([host, port, id]) => [host, port, id])).toEqual(
        replicas.map((id) => [id, 6379, id.padEnd(40, "0")]),
      );
    }
    expect(next).toBe(16384);
    const lines = String(await ask(1, "CLUSTER", "NODES"))
      .trimEnd()
      .split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatch(/^n20{38} n2:6379@16379 myself,master - 0 0 1 connected( \d+(-\d+)?)+$/);
    expect(lines[2]).toMatch(/ master,fail\? - 0 0 1 disconnected$/);
    expect(await ask(1, "CLUSTER", "MYID")).toBe("n2".padEnd(40, "0"));
    expect(String(await ask(1, "CLUSTER", "INFO"))).toMatch(/cluster_state:ok\r\n.*cluster_known_nodes:5/s);
    expect(await ask(1, "CLUSTER", "COUNT-FAILURE-REPORTS", "n3".padEnd(40, "0"))).toBe(1);
    expect(await ask(1, "CLUSTER", "LINKS")).toHaveLength(3);
    const shards = (await ask(1, "CLUSTER", "SHARDS")) as unknown[];
    expect(shards.length).toBeGreaterThan(3);
    expect([await ask(1, "READONLY"), await ask(1, "ASKING"), await ask(1, "READWRITE")]).toEqual([
      "OK",
      "OK",
      "OK",
    ]);
    expect(String(await ask(1, "INFO", "cluster"))).toContain("cluster_enabled:1");
    const slot = Number(await ask(1, "CLUSTER", "KEYSLOT", "{t}"));
    for (let i = 0; i < 5; i++) await ask(0, "SET", `{t}${i}`, "v");
    expect(await ask(4, "CLUSTER", "COUNTKEYSINSLOT", `${slot}`)).toBe(5);
    expect(await ask(3, "CLUSTER", "GETKEYSINSLOT", `${slot}`, "3")).toHaveLength(3);
    expect(await ask(3, "CLUSTER", "GETKEYSINSLOT", `${slot}`, "9")).toHaveLength(5);
  });

  test("transactions of one slot run at any node, all or nothing", async () => {
    for (let by = 0; by < 5; by++) {
      expect(await ask(by, "MULTI")).toBe("OK");
      for (const call of [
        ["SET", "{t}a", `${by}`],
        ["PING"],
        ["INCR", "{t}a"],
        ["LPUSH", "x"],
        ["MGET", "{t}a", "{t}none"],
      ]) {
        const isKnown = call[0] !== "LPUSH";
        if (isKnown) expect(await ask(by, ...call)).toBe("QUEUED");
      }
      expect(await ask(by, "SET", "{t}b", "x", "EX", "no")).toBe("QUEUED");
      expect(await ask(by, "EXEC")).toEqual([
        "OK",
        "PONG",
        by + 1,
        [`${by + 1}`, null],
        new Error("ERR value is not an integer or out of range"),
      ]);
      expect(await ask((by + 1) % 5, "GET", "{t}a")).toBe(`${by + 1}`);
    }
    expect(String(await ask(0, "INFO", "commandstats"))).toMatch(/cmdstat_mget:calls=1,/);
    await ask(0, "MULTI");
    await ask(0, "SET", "a", "1");
    await ask(0, "SET", "b", "1");
    expect(String(await ask(0, "EXEC"))).toMatch(/CROSSSLOT/);
    expect(await ask(0, "MGET", "a", "b")).toEqual([null, null]);
    await ask(2, "MULTI");
    await ask(2, "SELECT", "4");
    await ask(2, "SET", "k", "in 4");
    expect(await ask(2, "EXEC")).toEqual(["OK", "OK"]);
    expect(await ask(2, "GET", "k")).toBe("in 4");
    expect(await ask(1, "GET", "k")).toBeNull();
  });

  test("a transaction does nothing once a watched key has changed, whoever changed it", async () => {
    await ask(0, "SET", "{w}k", "1");
    for (let by = 0; by < 5; by++) {
      for (const isChanged of [true, false]) {
        expect(await ask(by, "WATCH", "{w}k", "{w}absent")).toBe("OK");
        if (isChanged) await ask((by + 2) % 5, "SET", "{w}k", "2");
        await ask(by, "MULTI");
        await ask(by, "SET", "{w}k", "mine");
        expect(await ask(by, "EXEC")).toEqual(isChanged ? null : ["OK"]);
        expect(await ask((by + 1) % 5, "GET", "{w}k")).toBe(isChanged ? "2" : "mine");
      }
    }
  });

  test("a connection chooses how many machines it waits for, a request too, and receipts tell what came of it", async () => {
    expect(await ask(0, "KV.CONSISTENCY")).toEqual(["read", "default", "write", "default"]);
    expect(await ask(0, "KV.CONSISTENCY", "WRITE", "ALL")).toBe("OK");
    expect(await ask(0, "KV.CONSISTENCY")).toEqual(["read", "default", "write", "all"]);
    expect(await ask(0, "KV.CONSISTENCY", "READ", "4")).toEqual(
      new Error("ERR READ 4: 4 machines are asked for, and 3 keep a copy"),
    );
    expect(String(await ask(0, "KV.CONSISTENCY", "READ", "most"))).toMatch(/'most' is no consistency/);
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
    for (const key of keys) {
      const [reply, receipt] = (await ask(0, "KV.WITH", "RECEIPT", "--", "SET", key, "v")) as [
        string,
        PlainReply[],
      ];
      expect(reply).toBe("OK");
      expect(receipt.filter((_, i) => i % 2 === 0)).toEqual([
        "machines",
        "racks",
        "nodes",
        "synced",
        "fallbacks",
      ]);
      const nodes = cluster.plan.replicasOf(slotOf(utf8(key)));
      expect([...(receipt[5] as string[])].sort()).toEqual([...nodes].sort());
      expect([...(receipt[1] as string[])].sort()).toEqual(nodes.map((id) => `m-${id}`).sort());
      expect([receipt[7], receipt[9]]).toEqual([0, []]);
    }
    expect(await ask(1, "KV.WITH", "RECEIPT", "--", "GET", "k1")).toEqual(["v", null]);
    cluster.down.add("n2");
    const key = keys.find((each) => cluster.plan.replicasOf(slotOf(utf8(each))).includes("n2"))!;
    const [, sloppy] = (await ask(0, "SET", key, "w").then(() =>
      ask(0, "KV.PUT", key, "x", "RECEIPT"),
    )) as PlainReply[][];
    expect(sloppy![9]).toHaveLength(1);
    expect(String(await ask(2, "KV.WITH", "READ", "all", "--", "GET", key))).toMatch(
      /QUORUMUNAVAILABLE NOTAPPLIED/,
    );
    expect(await ask(2, "KV.WITH", "READ", "one", "WRITE", "one", "--", "GET", key)).toBe("x");
    expect(await ask(0, "KV.CONSISTENCY", "FAST-READS")).toBe("OK");
    expect(await ask(0, "KV.CONSISTENCY")).toEqual(["read", "one", "write", "all"]);
    expect(await ask(0, "KV.CONSISTENCY", "DEFAULT")).toBe("OK");
    expect(await ask(0, "KV.CONSISTENCY")).toEqual(["read", "default", "write", "default"]);
    for (const call of [["--"], ["RECEIPT", "GET", "k"], ["READ", "one"]]) {
      expect(String(await ask(0, "KV.WITH", ...call, ...(call.length < 2 ? ["--"] : [])))).toMatch(/ERR/);
    }
    expect(String(await ask(0, "KV.WITH", "--", "PING"))).toMatch(/KV.WITH runs commands on keys/);
  });

  test("a keyspace's own levels hold for its keys", async () => {
    cluster.keyspaces.push(keyspaceNamed("safe", { write: "all", mode: "cp" }));
    cluster.down.add("n1");
    const isOn = (key: string, id: string): boolean =>
      cluster.plan.replicasOf(slotOf(utf8(key))).includes(id);
    const keys = Array.from({ length: 40 }, (_, i) => `safe:${i}`);
    for (const key of keys.slice(0, 12)) {
      const reply = String(await ask(3, "SET", key, "v"));
      if (isOn(key, "n1")) expect(reply).toMatch(/^Error: QUORUMUNAVAILABLE NOTAPPLIED/);
      else expect(reply).toBe("OK");
      expect(await ask(3, "SET", `other:${key}`, "v")).toBe("OK");
    }
  });
});

test("a node alone takes levels that one machine meets, and gives receipts", async () => {
  const server = await new SimServer("alone", 0).listen();
  const client = await server.client();
  const ask = (...call: Call): Promise<PlainReply> => server.settle(client.call(...call));
  expect(await ask("KV.CONSISTENCY", "READ", "all", "WRITE", "1")).toBe("OK");
  expect(await ask("KV.CONSISTENCY", "WRITE", "2")).toEqual(
    new Error("ERR WRITE 2: 2 machines are asked for, and 1 keep a copy"),
  );
  const id = server.node.actor.toString(16).padStart(16, "0");
  const receipt = ["machines", [id], "racks", [id], "nodes", [id], "synced", 0, "fallbacks", []];
  expect(await ask("KV.WITH", "WRITE", "quorum", "RECEIPT", "--", "SET", "k", "v")).toEqual(["OK", receipt]);
  expect(await ask("KV.WITH", "RECEIPT", "--", "SET", "k", "v", "NX")).toEqual([null, null]);
  expect(await ask("KV.WITH", "--", "GET", "k")).toBe("v");
  expect(await ask("KV.PUT", "k", "w", "RECEIPT")).toEqual([expect.any(String), receipt]);
  expect(await ask("KV.CONSISTENCY")).toEqual(["read", "all", "write", "1"]);
  expect(await ask("RESET")).toBe("RESET");
  expect(await ask("KV.CONSISTENCY")).toEqual(["read", "default", "write", "default"]);
});

test("a keyspace's expiry is given wherever a request arrives, and however it gets to a replica", async () => {
  const cluster = await new SimCluster("expiry", 5).listen();
  cluster.keyspaces.push(keyspaceNamed("short", { ttlMs: 60_000 }));
  const clients: SimClient[] = [];
  for (const id of cluster.ids) clients.push(await cluster.client(id));
  const ask = (index: number, ...call: Call): Promise<PlainReply> =>
    cluster.settle(clients[index]!.call(...call));
  const keys: string[] = [];
  for (let i = 0; i < 30; i++) {
    const [set, counter, a, b] = ["s", "n", "a", "b"].map((name) => `short:${name}${i}`);
    await ask(i % 5, "SET", set!, "v");
    await ask(i % 5, "INCR", counter!);
    await ask(i % 5, "MSET", a!, "v", b!, "v");
    keys.push(set!, counter!, a!, b!);
    await ask(i % 5, "SET", `long:${i}`, "v");
    expect(await ask((i + 1) % 5, "PTTL", `long:${i}`)).toBe(-1);
  }
  for (const [i, key] of keys.entries()) {
    const ttl = Number(await ask(i % 5, "PTTL", key));
    expect([key, ttl > 50_000 && ttl <= 60_000]).toEqual([key, true]);
  }
});

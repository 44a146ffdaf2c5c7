/** KEYS, SCAN, RANDOMKEY and FLUSHDB on many keys: complete, fair, and in nobody's way. */
import { beforeEach, describe, expect, test } from "vitest";
import { type SimClient, SimServer } from "./support/sim-server.ts";

const NAMES = Array.from({ length: 3_000 }, (_, i) => `${i % 2 === 0 ? "{tag}" : ""}key:${i}`);

describe.each([0, 3])("with %i of 10 calls of the engine answered later", (slowInTen) => {
  let server: SimServer;
  let client: SimClient;

  beforeEach(async () => {
    server = await new SimServer("key-search", slowInTen).listen();
    client = await server.client();
    await server.settle(client.call("mset", ...NAMES.flatMap((name) => [name, "v"])));
  });

  test("KEYS finds all, while others are served", async () => {
    const other = await server.client();
    const keys = client.call("keys", "*key*");
    let served = 0;
    let isDone = false;
    const serving = async (): Promise<void> => {
      while (!isDone) {
        await other.call("get", "key:1");
        served++;
      }
    };
    void serving();
    const found = (await server.settle(keys)) as string[];
    isDone = true;
    expect(found.toSorted()).toEqual(NAMES.toSorted());
    expect(served).toBeGreaterThan(0);
  });

  test.each(["1", "100", "100000"])("SCAN with COUNT %s finds each key once", async (count) => {
    const found: string[] = [];
    let cursor = "0";
    do {
      const reply = await server.settle(client.call("scan", cursor, "count", count));
      const [next, keys] = reply as [string, string[]];
      expect(keys.length).toBeLessThanOrEqual(Number(count) + 10);
      found.push(...keys);
      cursor = next;
    } while (cursor !== "0" && (count !== "1" || found.length < 200));
    if (count === "1") expect(new Set(found).size).toBe(found.length);
    else expect(found.toSorted()).toEqual(NAMES.toSorted());
  });

  test("KEYS with a pattern that can mean but one key asks for that", async () => {
    expect(await server.settle(client.call("keys", "key:1"))).toEqual(["key:1"]);
    expect(await server.settle(client.call("keys", "key\\:1"))).toEqual(["key:1"]);
    expect(await server.settle(client.call("keys", "absent"))).toEqual([]);
    expect(await server.settle(client.call("keys", "x".repeat(100_000)))).toEqual([]);
  });

  test("FLUSHDB beside another database clears at once, and its memory comes back", async () => {
    await server.settle(
      Promise.all(
        client.send([
          ["select", "1"],
          ["set", "stays", "v"],
          ["select", "0"],
        ]),
      ),
    );
    const [, size] = await server.settle(Promise.all(client.send([["flushdb"], ["dbsize"]])));
    expect(size).toBe(0);
    const rowsHeld = (): number => {
      const { engine } = server.node;
      return Array.from({ length: 256 }, (_, number) => engine.counts(number).rows).reduce((a, b) => a + b);
    };
    await server.world.runFor(1_000);
    expect(rowsHeld()).toBe(1);
    const [, stays] = await server.settle(
      Promise.all(
        client.send([
          ["select", "1"],
          ["get", "stays"],
        ]),
      ),
    );
    expect(stays).toBe("v");
  });
});

test("RANDOMKEY answers each key about as often as any other", async () => {
  const server = await new SimServer("randomkey", 0).listen();
  const client = await server.client();
  const names = Array.from({ length: 100 }, (_, i) => `${i % 3 === 0 ? "{tag}" : ""}key:${i}`);
  await server.settle(client.call("mset", ...names.flatMap((name) => [name, "v"])));
  const draws = await server.settle(
    Promise.all(client.send(Array.from({ length: 10_000 }, () => ["randomkey"]))),
  );
  const counts = names.map((name) => draws.filter((draw) => draw === name).length);
  expect(Math.min(...counts)).toBeGreaterThan(60);
  expect(Math.max(...counts)).toBeLessThan(150);
});

test("KEYS that finds more than a client may leave unread is refused", async () => {
  const server = await new SimServer("keys", 0).listen();
  const client = await server.client();
  const long = "x".repeat(60_000);
  for (let i = 0; i < 20; i++) await server.settle(client.call("set", `${i}${long}`, ""));
  server.limitOutput(1_000_000);
  const reply = await server.settle(client.call("keys", "*"));
  expect(reply).toBeInstanceOf(Error);
  expect(String(reply)).toContain("OVERLOADED NOTAPPLIED");
  expect(await server.settle(client.call("dbsize"))).toBe(20);
});

import { expect, test } from "vitest";
import { SimCluster } from "../../test/support/sim-cluster.ts";
import { SimServer } from "../../test/support/sim-server.ts";
import { slotOf } from "../ring/slot.ts";
import type { HotKeysStatus } from "./commands/kv-hotkeys.ts";

async function hot(ask: (...call: string[]) => Promise<unknown>, ...words: string[]) {
  return JSON.parse(String(await ask("KV.HOTKEYS", ...words))) as HotKeysStatus;
}

test("tells what is read, what is written, and what is large", async () => {
  const sim = await new SimServer("hot keys", "in place").listen();
  const client = await sim.client();
  const ask = (...call: string[]) => sim.settle(client.call(...call));
  await ask("SET", "large", "x".repeat(5_000));
  for (let i = 0; i < 30; i++) await ask("GET", "hot");
  for (let i = 0; i < 20; i++) await ask("SET", "written", "v");
  for (let i = 0; i < 5; i++) await ask("MGET", "hot", "large", "warm");
  const reads = await hot(ask);
  expect(reads.keys.map(({ key }) => key)).toEqual(["hot", "large", "warm"]);
  expect(reads.keys[0]).toMatchObject({ slot: slotOf(Buffer.from("hot")), error: 0, keyEncoding: "utf8" });
  expect(reads.keys[0]!.share).toBeCloseTo(35 / 45);
  expect((await hot(ask, "BY", "writes", "COUNT", "1")).keys.map(({ key }) => key)).toEqual(["written"]);
  const [largest] = (await hot(ask, "BY", "bytes")).keys;
  expect(largest!.key).toBe("large");
  expect(largest!.share).toBeGreaterThan(0.95);
  await expect(ask("KV.HOTKEYS", "BY", "luck")).resolves.toEqual(
    new Error("ERR BY is one of reads, writes, bytes"),
  );
});

test("what was hot long ago is so no more", async () => {
  const sim = await new SimServer("hot keys", "in place").listen();
  const client = await sim.client();
  const ask = (...call: string[]) => sim.settle(client.call(...call));
  for (let i = 0; i < 40; i++) await ask("GET", "once");
  const [before] = (await hot(ask)).keys;
  await sim.settle(sim.server.runtime.clock.sleep(30_000));
  await ask("GET", "now");
  const [after] = (await hot(ask)).keys;
  expect(after!.key).toBe("once");
  expect(after!.perSecond).toBeLessThan(before!.perSecond / 6);
  await sim.settle(sim.server.runtime.clock.sleep(200_000));
  expect((await hot(ask)).keys).toEqual([]);
});

test("of a busy node some requests are looked at, and stand for the others", async () => {
  const sim = await new SimServer("hot keys", "in place").listen();
  const { hotKeys } = sim.server;
  const request = { bytes: Buffer.from("GETk"), starts: [0, 3], ends: [3, 4], argCount: 2 };
  const item = sim.server.commands.find(request.bytes, 0, 3);
  let looks = 0;
  let looksAtFirst = 0;
  for (let second = 0; second < 60; second++) {
    for (let i = 0; i < 40_000; i++) {
      if (!hotKeys.isDue()) continue;
      looks++;
      hotKeys.note(item, request as never, 0);
    }
    if (second === 0) looksAtFirst = looks;
    hotKeys.onSecond(40_000);
  }
  expect(looksAtFirst).toBeLessThan(700); // a burst after a rest
  const [hottest] = hotKeys.top("reads", 1);
  expect(hottest!.perSecond).toBeGreaterThan(36_000);
  expect(hottest!.perSecond).toBeLessThan(44_000);
  expect(looks).toBeLessThan(60 * 500);
});

test("in a cluster, the node that is asked counts", async () => {
  const cluster = await new SimCluster("hot keys", 3).listen();
  const client = await cluster.client("n2");
  for (let i = 0; i < 9; i++) await cluster.settle(client.call("SET", "k", "v"));
  expect(cluster.server("n2").hotKeys.top("writes", 5)).toMatchObject([{ key: "k", share: 1 }]);
  expect(cluster.server("n1").hotKeys.top("writes", 5)).toEqual([]);
});

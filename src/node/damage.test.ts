/** A node whose tables are damaged while it runs, in a simulated world. */
import { expect, test } from "vitest";
import type { ConsistencyLevel } from "../replication/quorum-need.ts";
import { FixedTown } from "./fixed-town.oracle.ts";
import type { NodeSettings } from "./settings.ts";

const onDisk: Partial<NodeSettings> = {
  storage: "disk",
  fsync: "always",
  memtableBytes: 65_536,
  blockCacheBytes: 0,
};
const KEYS = Array.from({ length: 60 }, (_, i) => `key ${i}`);
const textOf = (key: string): string => `${key} ${"x".repeat(2_000)}`;

/** Three replicas of all keys; those in tables of `rotten` are damaged. */
async function townWithRot(seed: string, rotten: readonly string[] = ["n1"]): Promise<FixedTown> {
  const town = await FixedTown.open(seed, 3, { settings: onDisk });
  for (const key of KEYS) await town.set(0, key, textOf(key), "all");
  await town.world.runFor(2_000);
  for (const name of rotten) {
    const disk = town.world.disk(name);
    for (const path of disk.paths.filter((each) => each.endsWith(".sst"))) disk.flipBit(path, 10);
  }
  return town;
}

function wantOf(town: FixedTown, index: number): { isThere: boolean } {
  const want = { isThere: false };
  void town.node(index).recoveryWanted!.then(() => {
    want.isThere = true;
  });
  return want;
}

async function startAnew(town: FixedTown, index: number): Promise<void> {
  await town.world.runUntil(town.node(index).close());
  await town.start(index, { recover: true });
}

function corruptReads(town: FixedTown): number {
  return town.node(1).disk!.engine.statistics.corruptReads;
}

test("nobody who reads is given what is damaged, nor refused for it", async () => {
  const town = await townWithRot("reads");
  for (const level of ["one", "quorum"] satisfies ConsistencyLevel[]) {
    const before = corruptReads(town);
    for (const index of [1, 0]) {
      for (const key of KEYS) expect(await town.get(index, key, level)).toBe(textOf(key));
    }
    expect(corruptReads(town)).toBeGreaterThan(before);
  }
}, 120_000);

test("a node that has met damage wants to start anew, not before all others are up, and then gets all of it back", async () => {
  const town = await townWithRot("anew");
  let isWanted = false;
  void town.node(1).recoveryWanted!.then(() => {
    isWanted = true;
  });
  await town.world.runFor(5_000);
  expect(isWanted).toBe(false); // nobody has met it
  town.world.kill("n2");
  for (const key of KEYS) expect(await town.get(1, key, "one")).toBe(textOf(key));
  await town.world.runFor(20_000);
  expect(isWanted).toBe(false);
  await town.start(2);
  await town.world.runFor(10_000);
  expect(isWanted).toBe(true);
  await town.world.runUntil(town.node(1).close());
  await town.start(1, { recover: true });
  expect(town.node(1).disk!.engine.statistics.damagedFiles).toBeGreaterThan(0);
  const rowsThen = town.node(1).counts(0).rows;
  expect(rowsThen).toBeLessThan(KEYS.length);
  await town.world.runFor(60_000);
  expect(town.node(1).counts(0).rows).toBe(KEYS.length);
  const before = corruptReads(town);
  for (const key of KEYS) expect(await town.get(1, key, "one")).toBe(textOf(key));
  expect(corruptReads(town)).toBe(before);
}, 120_000);

test("a read that went wrong by itself is no reason to start anew", async () => {
  const town = await FixedTown.open("glitch", 3, { settings: onDisk });
  for (const key of KEYS) await town.set(0, key, textOf(key), "all");
  await town.world.runFor(2_000);
  let isWanted = false;
  void town.node(1).recoveryWanted!.then(() => {
    isWanted = true;
  });
  town.world.breakDisk("n1", { flippedReadOneIn: 2 });
  while (corruptReads(town) === 0) {
    for (const key of KEYS) expect(await town.get(1, key, "one")).toBe(textOf(key));
  }
  town.world.breakDisk("n1", {});
  await town.world.runFor(70_000);
  expect(isWanted).toBe(false);
}, 120_000);

test("two damaged nodes start anew one after the other, each once, and both get all of it back", async () => {
  const town = await townWithRot("two", ["n0", "n1"]);
  const wants = [wantOf(town, 0), wantOf(town, 1)];
  for (const key of KEYS) for (const index of [0, 1]) await town.get(index, key, "one");
  await town.world.runFor(20_000);
  const first = wants.findIndex(({ isThere }) => isThere);
  const second = 1 - first;
  expect(wants.map(({ isThere }) => isThere)).toEqual([first === 0, first === 1]);
  await startAnew(town, first);
  const again = wantOf(town, first);
  await town.world.runFor(60_000);
  expect(town.node(first).counts(0).rows).toBe(KEYS.length);
  expect(wants[second]!.isThere).toBe(false); // the first has just been refilled
  await town.world.runFor(180_000);
  expect(wants[second]!.isThere).toBe(true);
  await startAnew(town, second);
  const secondAgain = wantOf(town, second);
  await town.world.runFor(60_000);
  expect(town.node(second).counts(0).rows).toBe(KEYS.length);
  for (const key of KEYS)
    for (const index of [0, 1]) expect(await town.get(index, key, "one")).toBe(textOf(key));
  await town.world.runFor(120_000);
  expect([again.isThere, secondAgain.isThere]).toEqual([false, false]);
}, 120_000);

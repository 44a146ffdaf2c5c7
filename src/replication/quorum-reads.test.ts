import { expect, test } from "vitest";
import { numberOf, ref, textOf } from "../../test/support/replica-bench.ts";
import { utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { WriteOptions } from "./coordinator.ts";
import type { ConsistencyLevel } from "./quorum-need.ts";
import type { Effect, KeyView } from "./step.ts";
import { Town } from "./town.oracle.ts";

/** In some of them the other answers before it is late. */
const SEEDS = [1, 2, 3, 4, 5, 6];
const QUORUM: WriteOptions = { level: "quorum", isSloppy: false, readLevel: undefined };
const ONE: WriteOptions = { ...QUORUM, level: "one" };
const ALL: WriteOptions = { ...QUORUM, level: "all" };

function put(text: string, expiresAtMs = 0): (view: KeyView) => Effect<string> {
  return () => ({ reply: "OK", change: { kind: "put", value: utf8(text), expiresAtMs } });
}

async function write(town: Town, at: string, step: (view: KeyView) => Effect<unknown>, options = QUORUM) {
  return town.world.runUntil(town.node(at).coordinator.update(ref("k"), options, step));
}

async function read(town: Town, at: string, level: ConsistencyLevel = "quorum") {
  const answer = Promise.resolve().then(() => town.node(at).coordinator.read(ref("k"), level, textOf));
  return town.world.runUntil(answer);
}

/** Three replicas that have been up for long, and know it. */
async function settled(seed: number): Promise<Town> {
  const town = new Town(seed, { names: ["a", "b", "c"], copies: 3 });
  for (const id of "abc") await read(town, id);
  await town.world.runFor(60_000);
  return town;
}

/** Nobody keeps a hint of it: reads are left to themselves. */
async function writeAlone(town: Town, at: string, text: string): Promise<void> {
  await write(town, at, put(text), ONE);
  await town.world.runFor(1_000);
  for (const { id } of town.members) town.node(id).hints = [];
}

async function countAsked(town: Town, run: () => Promise<unknown>): Promise<number> {
  const before = town.asked;
  await run();
  return town.asked - before;
}

test.each([
  ["a value", put("v"), "v"],
  ["nothing", undefined, undefined],
  ["a value that has expired", put("v", 1), undefined],
  ["a long value", put("v".repeat(20_000)), "v".repeat(20_000)],
  ["a counter", () => ({ reply: 1, change: { kind: "increment" as const, by: 7n } }), "7"],
])("of %s one other replica is asked", async (_, step, expected) => {
  const town = await settled(1);
  if (step !== undefined) await write(town, "b", step, ALL);
  expect(await countAsked(town, async () => expect(await read(town, "a")).toBe(expected))).toBe(1);
  await town.world.runFor(1_000);
  for (const id of "abc") expect(town.node(id).coordinator.roundCount).toBe(0);
});

test.each(SEEDS)(
  "where the other has something newer, that is answered, and here from then on (seed %i)",
  async (seed) => {
    const town = await settled(seed);
    await write(town, "a", put("old"), ALL);
    town.barred.add("a-c").add("b-c").add("a-b");
    await writeAlone(town, "b", "new");
    town.barred.clear();
    town.barred.add("a-c").add("b-c");
    expect(await read(town, "a")).toBe("new");
    expect(await read(town, "a", "one")).toBe("new");
  },
);

test.each(SEEDS)(
  "where the other has less, it has no less when the answer is given (seed %i)",
  async (seed) => {
    const town = await settled(seed);
    await write(town, "a", put("old"), ALL);
    for (const pair of ["a-b", "a-c", "b-c"]) town.barred.add(pair);
    await writeAlone(town, "a", "new");
    town.barred.delete("a-b");
    expect(await read(town, "a")).toBe("new");
    expect(await read(town, "b", "one")).toBe("new");
  },
);

test("where the other is late, the third answers", async () => {
  const town = await settled(4);
  await write(town, "a", put("v"), ALL);
  town.barred.add("a-b"); // the first that is asked
  const startedMs = town.world.nowMs;
  expect(await read(town, "a")).toBe("v");
  expect(town.world.nowMs - startedMs).toBeLessThan(150);
});

test("where nobody else answers, it is refused in time", async () => {
  const town = await settled(5);
  await write(town, "a", put("v"), ALL);
  town.barred.add("a-b").add("a-c");
  const startedMs = town.world.nowMs;
  await expect(read(town, "a")).rejects.toMatchObject({ outcome: "not-applied" });
  expect(town.world.nowMs - startedMs).toBeLessThan(600);
});

test.each([1, 2, 3, 4, 5, 6])("reads never go back, whoever is asked (seed %i)", async (seed) => {
  const town = await settled(seed);
  const random = town.world.random("readers");
  let newest = 0;
  for (let i = 1; i <= 60; i++) {
    town.lossPercent = 20;
    const step = (view: KeyView): Effect<unknown> => put(`${Math.max(numberOf(view) + 1, i)}`)(view);
    await write(town, "abc"[random.below(3)]!, step, { ...QUORUM, readLevel: "quorum" }).catch((cause) => {
      expect(cause).toBeInstanceOf(StoreError);
    });
    const seen = await read(town, "abc"[random.below(3)]!).catch(() => undefined);
    if (seen === undefined) continue;
    expect(Number(seen)).toBeGreaterThanOrEqual(newest);
    newest = Number(seen);
  }
  expect(newest).toBeGreaterThan(30);
});

import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { EXCHANGE_METHOD } from "./exchange-message.ts";
import { exchange, NaiveReplica } from "./naive-replicas.oracle.ts";

const KEYS = 3_000;

/** Two replicas that have the same rows. */
function equalReplicas(
  keys: number,
  world = new SimWorld(1),
): { world: SimWorld; a: NaiveReplica; b: NaiveReplica } {
  const a = new NaiveReplica(world, "a");
  const b = new NaiveReplica(world, "b");
  for (let i = 0; i < keys; i++) {
    a.write(`key ${i}`, "x");
    b.write(`key ${i}`, "x");
  }
  return { world, a, b };
}

test("equal replicas tell each other hardly more than that they are", async () => {
  const { world, a, b } = equalReplicas(KEYS);
  const outcome = await world.runUntil(exchange(world, a, b).run);
  expect(outcome).toMatchObject({ slots: 16_384, rows: 0, pulled: 0, pushed: 0 });
  expect(outcome.bytesSent + outcome.bytesReceived).toBeLessThan(3_000);
});

test("what differing rows cost grows with their number, not with that of the others", async () => {
  const costs: number[] = [];
  for (const [keys, differing] of [
    [KEYS, 10],
    [5 * KEYS, 10],
    [5 * KEYS, 100],
  ] as const) {
    const { world, a, b } = equalReplicas(keys);
    for (let i = 0; i < differing; i++) (i % 2 === 0 ? a : b).write(`new ${i}`, "y");
    const { bytesSent, bytesReceived, pulled, pushed } = await world.runUntil(exchange(world, a, b).run);
    expect([pulled, pushed]).toEqual([differing / 2, differing / 2]);
    costs.push(bytesSent + bytesReceived);
  }
  expect(costs[1]).toBeLessThan(1.2 * costs[0]!);
  expect(costs[0]).toBeLessThan(2_500 + 10 * 1_200);
  expect(costs[2]).toBeLessThan(2_500 + 100 * 1_200);
});

test("rows that were written between the two looks are left alone, and looked at by the next exchange", async () => {
  const { world, a, b } = equalReplicas(KEYS);
  a.write("late there", "p"); // on its way to b
  b.write("late here", "p");
  b.write("changes there", "q");
  a.write("changes here", "r");
  b.write("stays", "s");
  let listed = 0;
  const change = (): void => {
    b.write("late there", "p");
    a.write("late here", "p");
    b.write("changes there", "t");
    a.write("changes here", "u");
  };
  const onAsked = (method: number): void => {
    if (method === EXCHANGE_METHOD.listRows && ++listed === 1) world.scheduler.after(1_000, change);
  };
  const first = await world.runUntil(exchange(world, a, b, { onAsked, settings: { persistMs: 5_000 } }).run);
  expect([first.pulled, first.pushed]).toEqual([1, 0]);
  expect(a.contents()).not.toEqual(b.contents());
  await world.runUntil(exchange(world, a, b).run);
  expect(a.contents()).toEqual(b.contents());
});

test("only the slots that are asked for are compared", async () => {
  const { world, a, b } = equalReplicas(0);
  b.write("{a}1", "x"); // slot 15495
  b.write("{b}1", "x"); // slot 3300
  const outcome = await world.runUntil(exchange(world, a, b, { spans: [{ first: 3_299, last: 3_301 }] }).run);
  expect(outcome).toMatchObject({ slots: 3, pulled: 1 });
  expect(a.contents().size).toBe(1);
});

test("slots that only one of the two keeps are passed over", async () => {
  const { world, a, b } = equalReplicas(0);
  a.isShared = (slot) => slot !== 15_495;
  b.isShared = a.isShared;
  b.write("{a}1", "x");
  a.write("{b}1", "x");
  await world.runUntil(exchange(world, a, b).run);
  expect([a.contents().size, b.contents().size]).toEqual([1, 2]);
});

test("a slot of more rows than a message takes is gone through by pages", async () => {
  const { world, a, b } = equalReplicas(0);
  for (let i = 0; i < 6_000; i++) {
    if (i % 3 !== 0) a.write(`{tag}${i}`, "a".repeat(300));
    if (i % 5 !== 0) b.write(`{tag}${i}`, "a".repeat(300));
  }
  const outcome = await world.runUntil(exchange(world, a, b).run, 600_000);
  expect(a.contents()).toEqual(b.contents());
  expect(outcome.pulled).toBe(1_600);
  expect(outcome.pushed).toBe(800);
});

test("a replica that has lost everything gets it back, for hardly more than the rows are", async () => {
  const { world, a, b } = equalReplicas(0);
  let bytes = 0;
  for (let i = 0; i < KEYS; i++) {
    a.write(`key ${i}`, "a".repeat(i % 60));
    bytes += `key ${i}`.length + (i % 60);
  }
  const outcome = await world.runUntil(exchange(world, b, a).run, 600_000);
  expect(b.contents()).toEqual(a.contents());
  expect(outcome).toMatchObject({ pulled: KEYS, pushed: 0 });
  expect(outcome.bytesReceived + outcome.bytesSent).toBeLessThan(1.3 * bytes);
});

test("slots that are no longer empty at the second look are compared row by row", async () => {
  const { world, a } = equalReplicas(20);
  const blank = new NaiveReplica(world, "c");
  const fetched: number[] = [];
  const onAsked = (method: number): void => void fetched.push(method);
  const { run } = exchange(world, blank, a, { onAsked, settings: { persistMs: 5_000 } });
  world.scheduler.after(4_000, () => {
    for (let i = 0; i < 19; i++) blank.write(`key ${i}`, "x");
  });
  const outcome = await world.runUntil(run, 600_000);
  expect(blank.contents()).toEqual(a.contents());
  expect(fetched).toContain(EXCHANGE_METHOD.listRows);
  expect(outcome.pulled).toBe(1);
});

test("of a replica that cannot give whole slots, rows are fetched one by one", async () => {
  const { world, a } = equalReplicas(20);
  const blank = new NaiveReplica(world, "c");
  const onAsked = (method: number): void => {
    if (method === EXCHANGE_METHOD.fetchRows)
      throw new StoreError("INVALID_REQUEST", "not-applied", "no such method");
  };
  const outcome = await world.runUntil(exchange(world, blank, a, { onAsked }).run, 600_000);
  expect(blank.contents()).toEqual(a.contents());
  expect(outcome.pulled).toBe(20);
});

test("what the other one has lost is left to it, unless somebody waits for it", async () => {
  const { world, a } = equalReplicas(KEYS);
  const blank = new NaiveReplica(world, "c");
  await world.runUntil(exchange(world, a, blank).run, 600_000);
  expect(blank.contents().size).toBeLessThan(KEYS / 10);
  await world.runUntil(exchange(world, a, blank, { settings: { leavesLost: false } }).run, 600_000);
  expect(blank.contents()).toEqual(a.contents());
});

test("strides are asked about together, the more the easier answers come", async () => {
  const { world, a, b } = equalReplicas(KEYS);
  let asked = 0;
  await world.runUntil(exchange(world, a, b, { onAsked: () => asked++ }).run);
  expect(asked).toBeLessThan(64); // of 128 strides
});

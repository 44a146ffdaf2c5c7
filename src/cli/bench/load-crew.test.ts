import { expect, test } from "vitest";
import { NODE, serving, type Town } from "../../../test/support/answering-server.ts";
import { type CrewResult, runCrew } from "./load-crew.ts";
import type { LoadOrder } from "./load-order.ts";
import { workloadNamed } from "./workload.ts";

const ORDER: Omit<LoadOrder, "thread" | "shared"> = {
  plan: {
    ...{ nodes: [NODE], password: undefined, clients: 5, pipeline: 1, rate: undefined },
    ...{ requests: 1_000, durationMs: undefined, warmUpMs: 0, sizes: { keyBytes: 16, valueBytes: 10 } },
  },
  workload: workloadNamed("get")!,
  ...{ records: 50, seed: 1, threadCount: 3 },
};

/** Of an order carried out by the town's background, which works for a fifth of the time. */
function carriedOut({ world }: Town, order: typeof ORDER): Promise<CrewResult> {
  const { network, clock, host, background } = world.runtime("person");
  const usage = () => ({ threads: 3, running: 3, waiting: 0, busyMs: (3 * clock.monotonicMs()) / 5 });
  const startThreads = () => ({
    run: background.run.bind(background),
    usage,
    close: () => background.close(),
  });
  const busyMs = (): number => clock.monotonicMs() / 2;
  return world.runUntil(runCrew({ network, clock, host, startThreads, busyMs }, order, () => undefined));
}

const found = { reply: () => "$1\r\nx\r\n" };

test("several threads ask, each with its part of the clients, exactly as much as one would", async () => {
  const town = await serving(found);
  const { meter, errors, lost, elapsedMs } = await carriedOut(town, ORDER);
  expect({ count: meter.count, asked: town.words.length, errors, lost }).toEqual({
    ...{ count: 1_000, asked: 1_000, errors: 0, lost: 0 },
  });
  expect(town.mostAtOnce()).toBe(5);
  expect(elapsedMs).toBeGreaterThan(190); // five at a time, a millisecond each
  expect(meter.all()).toMatchObject({ count: 1_000 });
  expect(meter.all().percentilesMs[99]).toBeGreaterThan(0.9);
});

test("refusals and misses of all threads are counted, and each asks for other keys", async () => {
  const town = await serving({ reply: (number) => (number % 100 === 7 ? "-NOTAPPLIED no\r\n" : "$-1\r\n") });
  const result = await carriedOut(town, ORDER);
  expect(result).toMatchObject({ errors: 10, firstError: "NOTAPPLIED no", misses: 990 });
  const firstKeys = town.words.slice(0, 3).map(([, key]) => key);
  expect(new Set(firstKeys).size).toBe(3);
});

test("each record is inserted once, whichever thread inserts it", async () => {
  const inserting = await serving({ reply: () => "+OK\r\n" });
  const workload = { shares: [["insert", 1]], distribution: "uniform" } as const;
  await carriedOut(inserting, {
    ...ORDER,
    records: 0,
    workload,
    plan: { ...ORDER.plan, requests: undefined, durationMs: 100 },
  });
  const keys = inserting.words.map(([, key]) => key);
  expect(keys.length).toBeGreaterThan(150);
  expect(new Set(keys).size).toBe(keys.length);
});

test("it tells how busy the threads were, unless the load was too short to say", async () => {
  const plan = { ...ORDER.plan, requests: undefined, warmUpMs: 50 };
  const long = await carriedOut(await serving(found), { ...ORDER, plan: { ...plan, durationMs: 2_000 } });
  expect(long.busyPart).toBeCloseTo(0.2, 2);
  const short = await carriedOut(await serving(found), { ...ORDER, plan: { ...plan, durationMs: 300 } });
  expect(short.busyPart).toBeUndefined();
  const alone = { ...ORDER, threadCount: 1, plan: { ...plan, durationMs: 2_000 } };
  expect((await carriedOut(await serving(found), alone)).busyPart).toBeCloseTo(0.5, 2);
});

test("where one thread gives up all do, and the first reason is told", async () => {
  const town = await serving(found);
  const nobody = { ...ORDER.plan, nodes: [NODE, { host: "node", port: 1 }] };
  await expect(carriedOut(town, { ...ORDER, plan: nobody })).rejects.toThrow(/cannot connect/);
});

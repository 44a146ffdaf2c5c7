import { expect, test } from "vitest";
import { NODE, serving, type Town } from "../../../test/support/answering-server.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { CrewMemory } from "./crew-memory.ts";
import { type LoadPlan, type LoadResult, runLoad } from "./load.ts";
import { OperationSource } from "./operation-source.ts";
import { QuickRandom } from "./quick-random.ts";
import { workloadNamed } from "./workload.ts";

const PLAN: LoadPlan = {
  ...{ nodes: [NODE], password: undefined, clients: 4, pipeline: 1, rate: undefined },
  ...{ requests: 400, durationMs: undefined, warmUpMs: 0, sizes: { keyBytes: 16, valueBytes: 10 } },
};

function loading({ world }: Town, plan: LoadPlan, workload = "get"): Promise<LoadResult> {
  const { network, clock } = world.runtime("person");
  // Virtual time stands still between deferred tasks.
  const stepping: Runtime["clock"] = {
    monotonicMs: () => clock.monotonicMs(),
    turnMs: () => clock.turnMs(),
    wallMs: () => clock.wallMs(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    every: (ms, tick) => clock.every(ms, tick),
    defer: (task) => void clock.sleep(0.05).then(task),
  };
  const source = new OperationSource(workloadNamed(workload)!, { records: 50, random: new QuickRandom(1) });
  const alone = { crew: new CrewMemory(1), thread: 0, threadCount: 1 };
  return world.runUntil(runLoad({ network, clock: stepping }, plan, source, alone));
}

const found = { reply: () => "$1\r\nx\r\n" };

test("a closed loop has as much under way as it may, and asks for no more than it was told", async () => {
  const town = await serving(found);
  const { meter, errors, lost } = await loading(town, PLAN);
  expect({ count: meter.count, asked: town.words.length, errors, lost }).toEqual({
    ...{ count: 400, asked: 400, errors: 0, lost: 0 },
  });
  expect(town.mostAtOnce()).toBe(4);
  const deep = await serving(found);
  await loading(deep, { ...PLAN, pipeline: 8 });
  expect(deep.mostAtOnce()).toBe(32);
});

test("what the warm-up asks for is not counted", async () => {
  const town = await serving(found);
  const { meter, elapsedMs } = await loading(town, { ...PLAN, warmUpMs: 100, requests: 40 });
  expect(town.words.length).toBeGreaterThan(100);
  expect(meter.count).toBeLessThanOrEqual(44); // four were under way when it ended
  expect(elapsedMs).toBeLessThan(50);
});

test("a load of a given time lasts that long", async () => {
  const { elapsedMs } = await loading(await serving(found), {
    ...PLAN,
    requests: undefined,
    durationMs: 300,
  });
  expect(elapsedMs).toBeGreaterThan(290);
  expect(elapsedMs).toBeLessThan(320);
});

test("a stall costs a closed loop a few slow replies, and says so where corrected", async () => {
  const stall = { fromMs: 50, toMs: 250 };
  const { meter } = await loading(await serving({ ...found, stall }), { ...PLAN, requests: 2_000 });
  expect(meter.all().maxMs).toBeGreaterThan(190);
  expect(meter.all().percentilesMs[99]).toBeLessThan(10); // four of two thousand
  expect(meter.allCorrected().percentilesMs[90]).toBeGreaterThan(50);
});

test("an open loop asks when requests are due, though nothing comes back, and counts from then", async () => {
  const stall = { fromMs: 50, toMs: 250 };
  const town = await serving({ ...found, stall });
  const { meter, elapsedMs } = await loading(town, { ...PLAN, rate: 1_000, requests: 500 });
  expect(meter.count).toBe(500);
  expect(elapsedMs).toBeGreaterThan(480);
  expect(elapsedMs).toBeLessThan(540);
  expect(town.mostAtOnce()).toBeGreaterThan(150);
  const { percentilesMs, maxMs } = meter.all();
  expect(percentilesMs[50]).toBeLessThan(10);
  expect(percentilesMs[90]).toBeGreaterThan(120); // 200 of the 500 were due in the stall
  expect(maxMs).toBeGreaterThan(190);
});

test("refusals and misses are counted, and the first refusal is told", async () => {
  const reply = (number: number): string => (number === 7 ? "-NOTAPPLIED too few\r\n" : "$-1\r\n");
  const result = await loading(await serving({ reply }), PLAN);
  expect(result).toMatchObject({ errors: 1, firstError: "NOTAPPLIED too few", misses: 399 });
});

test("a connection that breaks loses its requests, and its client goes on", async () => {
  const reply = (number: number): string | undefined => (number === 50 ? undefined : "$1\r\nx\r\n");
  const { lost, meter } = await loading(await serving({ reply }), PLAN);
  expect(lost).toBe(1);
  expect(meter.count).toBe(399);
});

test("a read-modify-write writes what it has read, after that, and counts once", async () => {
  const reply = (_: number, [command]: readonly string[]): string =>
    command === "GET" ? "$1\r\nx\r\n" : "+OK\r\n";
  const town = await serving({ reply });
  const plan = { ...PLAN, clients: 1, requests: 200 };
  const { meter } = await loading(town, plan, "f");
  const operations = Object.fromEntries(meter.byOperation());
  const writes = operations["read-modify-write"]!.count;
  expect(meter.count).toBe(200);
  expect(town.words).toHaveLength(200 + writes);
  expect(operations["read-modify-write"]!.meanMs).toBeGreaterThan(1.8 * operations.read!.meanMs);
  for (const [i, [command, key]] of town.words.entries()) {
    if (command === "SET") expect(town.words[i - 1]).toEqual(["GET", key]);
  }
});

test("nobody there, a stranger and silence are told", async () => {
  const town = await serving(found);
  await expect(loading(town, { ...PLAN, nodes: [{ host: "node", port: 1 }] })).rejects.toThrow(
    /cannot connect/,
  );
  const stranger = await serving({ reply: () => "HTTP/1.1 400 Bad Request\r\n" });
  await expect(loading(stranger, PLAN)).rejects.toThrow(/does not speak/);
  const silent = await serving({ reply: () => "" });
  await expect(loading(silent, PLAN)).rejects.toThrow(/no reply for 20 seconds/);
});

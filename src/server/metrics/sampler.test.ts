import { expect, test } from "vitest";
import { SimServer } from "../../../test/support/sim-server.ts";
import type { ProgramGauges } from "../../runtime/program-gauges.ts";
import { MetricWatch } from "./metric-watch.ts";
import { SAMPLES_MAX } from "./sampler.ts";

test("each sample tells of the time since the one before", async () => {
  const sim = await new SimServer("sampler", "in place").listen();
  const loop = { busyMs: 0, idleMs: 0 };
  const gauges: ProgramGauges = {
    loopTimes: () => ({ ...loop }),
    takeLoopDelay: () => ({ p50Ms: 1, p99Ms: 2, maxMs: 3 }),
    heapBytes: () => ({ used: 0, total: 0, external: 0 }),
    startedAtMs: 0,
    nodeVersion: "v0",
  };
  const client = await sim.client();
  const { clock } = sim.server.runtime;
  const watch = new MetricWatch(sim.server, gauges);
  const second = async () => {
    await sim.settle(clock.sleep(1_000));
    watch.look();
  };
  for (let i = 0; i < 8; i++) await sim.settle(client.call("SET", "k", "v"));
  loop.busyMs += 250;
  loop.idleMs += 750;
  await second();
  const { latest } = watch.sampler;
  expect(latest!.operations).toBeCloseTo(8, 0);
  expect(latest).toMatchObject({ loopUtilization: 0.25, loopDelay: { p99Ms: 2 }, errors: 0 });
  await second();
  expect(watch.sampler.latest).toMatchObject({ operations: 0, p99Ms: 0 });
  expect(watch.times.recent("write").count).toBe(8);
  for (let i = 0; i < 12; i++) await second();
  expect(watch.times.recent("write").count).toBe(0);
  expect(watch.times.all("write").count).toBe(8);
  for (let i = 0; i < SAMPLES_MAX; i++) watch.look();
  expect(watch.sampler.samples).toHaveLength(SAMPLES_MAX);
});

test("counts that are set back are nothing, not less", async () => {
  const sim = await new SimServer("reset", "in place").listen();
  const watch = new MetricWatch(sim.server, undefined);
  const client = await sim.client();
  for (let i = 0; i < 8; i++) await sim.settle(client.call("SET", "k", "v"));
  watch.look();
  await sim.settle(client.call("CONFIG", "RESETSTAT"));
  watch.look();
  expect(watch.sampler.latest!.operations).toBe(0);
  expect(watch.times.recent("write").count).toBe(0);
});

import { expect, test } from "vitest";
import { createNodejsClock } from "./clock.ts";
import { createProgramGauges } from "./program-gauges.ts";

test("a loop that is kept busy shows it, as time and as delay", async () => {
  const gauges = createProgramGauges();
  const clock = createNodejsClock();
  await clock.sleep(50);
  gauges.takeLoopDelay();
  const before = gauges.loopTimes();
  const endMs = clock.monotonicMs() + 150;
  while (clock.monotonicMs() < endMs);
  await clock.sleep(50);
  expect(gauges.loopTimes().busyMs - before.busyMs).toBeGreaterThan(100);
  expect(gauges.takeLoopDelay().maxMs).toBeGreaterThan(80);
  expect(gauges.takeLoopDelay()).toEqual({ p50Ms: 0, p99Ms: 0, maxMs: 0 });
});

test("tells of the heap", () => {
  const { used, total } = createProgramGauges().heapBytes();
  expect(used).toBeGreaterThan(1_000_000);
  expect(total).toBeGreaterThan(0);
});

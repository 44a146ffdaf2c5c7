/** How busy this process is, by what Node.js measures, and by a timer that notes how late it is. */
import { performance } from "node:perf_hooks";
import { LatencyHistogram } from "../../base/latency-histogram.ts";
import type { LoopDelay, ProgramGauges } from "../program-gauges.ts";

/** So often the loop is looked at. */
const LOOK_MS = 20;

export function createProgramGauges(): ProgramGauges {
  const delays = watchDelays();
  return {
    loopTimes,
    takeLoopDelay: () => delays.take(),
    heapBytes: () => {
      const { heapUsed, heapTotal, external } = process.memoryUsage();
      return { used: heapUsed, total: heapTotal, external };
    },
    startedAtMs: performance.timeOrigin,
    nodeVersion: process.version,
  };
}

/** Of this thread. */
export function loopTimes(): { readonly busyMs: number; readonly idleMs: number } {
  const { active, idle } = performance.eventLoopUtilization();
  return { busyMs: active, idleMs: idle };
}

/** Node.js's own histogram of delays forgets, with each reset, the time since its last look: a long stall would be lost. */
function watchDelays(): { take(): LoopDelay } {
  const delays = new LatencyHistogram();
  let maxMs = 0;
  let lookedMs = performance.now();
  setInterval(() => {
    const nowMs = performance.now();
    const delayMs = Math.max(0, nowMs - lookedMs - LOOK_MS);
    lookedMs = nowMs;
    delays.record(delayMs * 1000);
    maxMs = Math.max(maxMs, delayMs);
  }, LOOK_MS).unref();
  return {
    take: () => {
      const millis = (percent: number): number => delays.percentileMicros(percent) / 1000;
      const taken = { p50Ms: millis(50), p99Ms: millis(99), maxMs };
      delays.reset();
      maxMs = 0;
      return taken;
    },
  };
}

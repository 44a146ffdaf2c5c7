import { expect, test } from "vitest";
import { DEFAULT_SLOWDOWN_SETTINGS, delayMsPerMiB } from "./slowdown.ts";

const settings = { level0CountStart: 8, level0CountStop: 24, debtBytesStart: 100, debtBytesStop: 1100 };

test("nobody waits while compaction keeps up", () => {
  expect(delayMsPerMiB({ level0Count: 8, debtBytes: 100 }, settings)).toBe(0);
  expect(delayMsPerMiB({ level0Count: 0, debtBytes: 0 })).toBe(0);
});

test("the delay rises smoothly and ever steeper to a stop, by either measure", () => {
  for (const measure of ["level0Count", "debtBytes"] as const) {
    const [start, stop] = measure === "level0Count" ? [8, 24] : [100, 1100];
    const delays = Array.from({ length: 17 }, (_, i) => {
      const backlog = { level0Count: 0, debtBytes: 0, [measure]: start + ((stop - start) * i) / 16 };
      return delayMsPerMiB(backlog, settings);
    });
    expect(delays[0]).toBe(0);
    expect(delays[8]).toBe(20);
    expect(delays[16]).toBe(Number.POSITIVE_INFINITY);
    const steps = delays.slice(1).map((delay, i) => delay - delays[i]!);
    for (let i = 1; i < steps.length; i++) expect(steps[i]!).toBeGreaterThan(steps[i - 1]!);
  }
});

test("the worse measure decides", () => {
  const bad = delayMsPerMiB({ level0Count: 20, debtBytes: 0 }, settings);
  expect(delayMsPerMiB({ level0Count: 20, debtBytes: 200 }, settings)).toBe(bad);
  expect(delayMsPerMiB({ level0Count: 9, debtBytes: 9999 }, settings)).toBe(Number.POSITIVE_INFINITY);
});

test("there is room between what starts a compaction and what slows writers", () => {
  expect(DEFAULT_SLOWDOWN_SETTINGS.level0CountStart).toBeGreaterThan(4);
});

import { expect, test } from "vitest";
import { compactionBytesPerSecond, DEFAULT_SLOWDOWN_SETTINGS, delayMsPerMiB } from "./slowdown.ts";

const settings = {
  ...{ fullMemtablesStart: 1, fullMemtablesStop: 5 },
  ...{ level0CountStart: 8, level0CountStop: 24, debtBytesStart: 100, debtBytesStop: 1100 },
};
const nothing = { fullMemtables: 0, level0Count: 0, debtBytes: 0 };

test("nobody waits while compaction keeps up", () => {
  expect(delayMsPerMiB({ fullMemtables: 1, level0Count: 8, debtBytes: 100 }, settings)).toBe(0);
  expect(delayMsPerMiB(nothing)).toBe(0);
});

test("the delay rises smoothly and ever steeper to a stop, by either measure", () => {
  const measures = { fullMemtables: [1, 5], level0Count: [8, 24], debtBytes: [100, 1100] } as const;
  for (const [measure, [start, stop]] of Object.entries(measures)) {
    const delays = Array.from({ length: 17 }, (_, i) => {
      const backlog = { ...nothing, [measure]: start + ((stop - start) * i) / 16 };
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
  const bad = delayMsPerMiB({ ...nothing, level0Count: 20 }, settings);
  expect(delayMsPerMiB({ ...nothing, level0Count: 20, debtBytes: 200 }, settings)).toBe(bad);
  expect(delayMsPerMiB({ ...nothing, level0Count: 9, debtBytes: 9999 }, settings)).toBe(
    Number.POSITIVE_INFINITY,
  );
});

test("there is room between what starts a compaction and what slows writers", () => {
  expect(DEFAULT_SLOWDOWN_SETTINGS.level0CountStart).toBeGreaterThan(4);
});

test("a compaction's limit grows with what it is behind, and falls before writers are slowed", () => {
  expect(compactionBytesPerSecond(0, nothing, settings)).toBe(0);
  expect(compactionBytesPerSecond(1000, nothing, settings)).toBe(1000);
  expect(compactionBytesPerSecond(1000, { ...nothing, level0Count: 4 }, settings)).toBe(2500);
  expect(compactionBytesPerSecond(1000, { ...nothing, debtBytes: 100 }, settings)).toBe(4000);
  expect(compactionBytesPerSecond(1000, { ...nothing, debtBytes: 101 }, settings)).toBe(0);
  expect(compactionBytesPerSecond(1000, { ...nothing, fullMemtables: 4 }, settings)).toBe(1000);
});

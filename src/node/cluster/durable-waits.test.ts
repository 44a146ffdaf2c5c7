import { expect, test } from "vitest";
import { DurableWaits } from "./durable-waits.ts";

test("those who wait for one sync are each counted with the average of their times, also while another is waited for", async () => {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  let ends: (() => void)[] = [];
  let current: Promise<void> | undefined;
  const begin = () => {
    current = new Promise((resolve) => ends.push(resolve));
  };
  const waits = new DurableWaits({ durable: () => current }, clock, { current: undefined });
  expect(waits.durable()).toBeUndefined();
  begin();
  expect(waits.durable()).toBe(current);
  clock.nowMs = 2;
  void waits.durable();
  begin();
  void waits.durable();
  clock.nowMs = 10;
  ends[0]!();
  await Promise.resolve();
  expect([waits.times.count, waits.times.sumMicros]).toEqual([2, 18_000]);
  clock.nowMs = 12;
  ends[1]!();
  await current;
  expect([waits.times.count, waits.times.sumMicros]).toEqual([3, 28_000]);
  ends = [];
});

import { expect, test } from "vitest";
import { turnPause } from "./turn-pause.ts";

test("work goes on until its turn is old, and then waits for the next one", async () => {
  const deferred: (() => void)[] = [];
  let nowMs = 0;
  const clock = {
    monotonicMs: () => nowMs,
    turnMs: () => 0,
    defer: (run: () => void) => void deferred.push(run),
  };
  nowMs = 1.9;
  expect(turnPause(clock)).toBeUndefined();
  nowMs = 2;
  let hasWaited = false;
  const pause = turnPause(clock)!.then(() => {
    hasWaited = true;
  });
  await Promise.resolve();
  expect([hasWaited, deferred.length]).toEqual([false, 1]);
  deferred[0]!();
  await pause;
  expect(hasWaited).toBe(true);
});

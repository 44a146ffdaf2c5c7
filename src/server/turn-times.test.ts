import { expect, test } from "vitest";
import { CommandEntry } from "./command-table.ts";
import { get } from "./commands/get.ts";
import { mget } from "./commands/mget.ts";
import { TurnTimes } from "./turn-times.ts";

class Clock {
  nowMs = 0;
  monotonicReads = 0;
  monotonicMs = (): number => {
    this.monotonicReads++;
    return this.nowMs;
  };
  turnMs = (): number => this.nowMs;
}

function stage(records = true) {
  const clock = new Clock();
  const times = new TurnTimes<never>(clock, records);
  const [short, long] = [new CommandEntry<never>(get), new CommandEntry<never>(mget)];
  const go = (entry: CommandEntry<never>, requests: number, micros: number): void => {
    times.begin();
    for (let i = 0; i < requests; i++) {
      times.countRequest();
      times.countFastCall(entry);
    }
    clock.nowMs += micros / 1000;
    if (times.end() !== requests) throw new Error("a call was not counted"); // expect takes too long for each
  };
  return { clock, times, short, long, go };
}

test("few goes are each timed, shared evenly by their requests", () => {
  const { short, long, go, times } = stage();
  go(short, 4, 40);
  go(long, 1, 700);
  expect([short.calls, short.latency.count, short.latency.sumMicros]).toEqual([4, 4, expect.closeTo(40)]);
  expect([long.calls, long.latency.sumMicros]).toEqual([1, expect.closeTo(700)]);
  expect(times.local.count).toBe(5);
});

test("of many goes some are timed and stand for all: counts are exact, shares and percentiles right for any mix", () => {
  const { clock, short, long, go, times } = stage();
  const goes = 200_000;
  for (let i = 0; i < goes; i++) {
    if (i % 50 === 7) go(long, 1, 900);
    else go(short, i % 3 === 0 ? 16 : 1, i % 3 === 0 ? 32 : 5);
  }
  expect(clock.monotonicReads).toBeLessThan(goes / 3);
  expect(long.calls).toBe(goes / 50);
  const requests = short.calls + long.calls;
  expect(Math.abs(times.local.count / requests - 1)).toBeLessThan(0.02);
  expect(Math.abs(long.latency.count / long.calls - 1)).toBeLessThan(0.1);
  expect(Math.abs(short.latency.count / short.calls - 1)).toBeLessThan(0.02);
  expect(long.latency.sumMicros / long.latency.count).toBeCloseTo(900);
  // Eight of nine requests come in goes of sixteen, 2 µs each; the others take 5.
  expect(short.latency.percentileMicros(85)).toBe(2);
  expect(short.latency.percentileMicros(93)).toBe(5);
  times.onSecond();
  const { count } = short.latency;
  for (let i = 0; i < 500; i++) go(short, 1, 5);
  expect(short.latency.count - count).toBeGreaterThanOrEqual(485);
});

test("with records off calls are counted and the clock is left alone, until it is told otherwise", () => {
  const { clock, short, go, times } = stage(false);
  go(short, 2, 10);
  expect([short.calls, short.latency.count, clock.monotonicReads]).toEqual([2, 0, 0]);
  times.records = true;
  go(short, 1, 10);
  times.records = false;
  go(short, 1, 10);
  expect([short.calls, short.latency.count]).toEqual([4, 1]);
});

import { expect, test } from "vitest";
import { ExchangePace, MOVING_PACE, QUIET_PACE, URGENT_PACE } from "./exchange-pace.ts";

const { restFactor, restMinMs, restMaxMs } = QUIET_PACE;

/** The rests after so many steps of one length, while the other node's answers take `p99Ms`. */
function rests(pace: ExchangePace, count: number, tookMs: number, p99Ms: number): number[] {
  return Array.from({ length: count }, () => pace.onStep({ tookMs, p99Ms }));
}

test("it rests for many times as long as a step took, within bounds", () => {
  const pace = new ExchangePace(QUIET_PACE);
  expect(rests(pace, 2, 5, 2)).toEqual([5 * restFactor, 5 * restFactor]);
  expect(rests(pace, 1, 0.01, 2)).toEqual([restMinMs]);
  expect(rests(pace, 1, 10_000, 2)).toEqual([restMaxMs]);
});

test("while answers are slow for what they were it rests longer and longer, up to a bound, and is soon itself again", () => {
  const pace = new ExchangePace(QUIET_PACE);
  rests(pace, 10, 2, 5);
  const slow = rests(pace, 8, 2, 60);
  expect(slow).toEqual([...slow].sort((a, b) => a - b));
  expect(slow.at(-1)).toBe(restMaxMs);
  expect(rests(pace, 10, 2, 5).at(-1)).toBe(2 * restFactor);
});

test("who is always slow, or only slow beside very quick answers, is not called slow", () => {
  expect(rests(new ExchangePace(QUIET_PACE), 50, 2, 60).at(-1)).toBe(2 * restFactor);
  const quick = new ExchangePace(QUIET_PACE);
  rests(quick, 10, 2, 0.2);
  expect(rests(quick, 5, 2, 10).at(-1)).toBe(2 * restFactor);
});

test("the way to another datacenter is no work to rest from", () => {
  const pace = new ExchangePace(QUIET_PACE);
  expect(pace.onStep({ tookMs: 165, p99Ms: 170, wayMs: 160 })).toBe(5 * restFactor);
  expect(pace.onStep({ tookMs: 159, p99Ms: 170, wayMs: 160 })).toBe(restMinMs);
});

test("no more bytes than allowed go over the wire in a second, whatever else it would rest for", () => {
  const pace = new ExchangePace({ ...MOVING_PACE, bytesPerSecondMax: 1_000 });
  expect(pace.onStep({ tookMs: 100, p99Ms: 0, bytes: 2_000 })).toBe(1_900);
  expect(pace.onStep({ tookMs: 100, p99Ms: 0, bytes: 10 })).toBe(100);
});

test("what somebody waits for hardly rests", () => {
  expect(rests(new ExchangePace(URGENT_PACE), 1, 10, 0)).toEqual([5]);
});

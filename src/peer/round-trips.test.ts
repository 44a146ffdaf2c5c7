import { expect, test } from "vitest";
import { RoundTrips } from "./round-trips.ts";

test("the average follows what was recorded last", () => {
  const trips = new RoundTrips();
  trips.record(8);
  expect(trips.averageMs).toBe(8);
  trips.record(16);
  expect(trips.averageMs).toBe(9);
  for (let i = 0; i < 100; i++) trips.record(2);
  expect(trips.averageMs).toBeCloseTo(2, 3);
});

test("the hundredth is that of the last seconds, and old times are forgotten", () => {
  const trips = new RoundTrips();
  let nowMs = 1_000;
  const pass = (seconds: number, tookMs: number): void => {
    for (let i = 0; i < seconds * 50; i++, nowMs += 20) {
      trips.record(tookMs);
      trips.onTick(nowMs);
    }
  };
  expect(trips.p99Ms).toBe(0);
  pass(15, 100);
  expect(trips.p99Ms).toBeGreaterThan(99);
  pass(25, 1);
  expect(trips.p99Ms).toBeLessThan(1.1);
});

test("the least is that of the last seconds, and outlasts silence", () => {
  const trips = new RoundTrips();
  let nowMs = 1_000;
  const pass = (seconds: number, tookMs?: number): void => {
    for (let i = 0; i < seconds * 50; i++, nowMs += 20) {
      if (tookMs !== undefined) trips.record(tookMs);
      trips.onTick(nowMs);
    }
  };
  expect(trips.leastMs).toBe(0);
  trips.record(3);
  pass(2, 5);
  expect(trips.leastMs).toBe(3);
  pass(25, 80);
  expect(trips.leastMs).toBe(80);
  pass(60);
  expect(trips.leastMs).toBe(80);
});

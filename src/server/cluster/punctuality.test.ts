import { expect, test } from "vitest";
import { Punctuality } from "./punctuality.ts";

/** The sender's clock is so far behind this node's. */
const APART_MS = 5_000;
const PATIENCE_MS = 150;
const FROM = { life: 1, patienceMs: PATIENCE_MS, wallLagMs: 0 };

/** How long it would still be in time, if it came so late. */
function leftMs(
  punctuality: Punctuality,
  nowMs: number,
  lateMs: number,
  more: Partial<typeof FROM> = {},
): number {
  const sent = { ...FROM, sentMs: nowMs - APART_MS - lateMs, ...more };
  return punctuality.deadlineMs("a", sent, nowMs) - nowMs;
}

test("a request is in time for as long as its sender waits, from when it was sent", () => {
  const punctuality = new Punctuality();
  leftMs(punctuality, 10_000, 0);
  expect(leftMs(punctuality, 10_100, 0)).toBeCloseTo(PATIENCE_MS);
  expect(leftMs(punctuality, 10_200, 40)).toBeCloseTo(PATIENCE_MS - 40, 0);
  expect(leftMs(punctuality, 10_900, 500)).toBeLessThan(-300);
});

test("the quickest of them tells how far the clocks are apart", () => {
  const punctuality = new Punctuality();
  leftMs(punctuality, 10_000, 300); // nobody knows that it is late
  leftMs(punctuality, 10_010, 0);
  expect(leftMs(punctuality, 10_020, 300)).toBeLessThan(0);
});

test("clocks that drift apart do not make everybody late", () => {
  const punctuality = new Punctuality();
  for (let hour = 0; hour < 48; hour++) {
    const driftMs = hour * 3_600 * 0.2;
    expect(leftMs(punctuality, 10_000 + hour * 3_600_000, driftMs)).toBeGreaterThan(0);
  }
});

test("a sender that begins anew is another one", () => {
  const punctuality = new Punctuality();
  leftMs(punctuality, 10_000, 0);
  expect(leftMs(punctuality, 10_100, 9_000_000, { life: 2 })).toBe(PATIENCE_MS);
});

test("of the first request wall clocks tell, and of that one only", () => {
  const punctuality = new Punctuality();
  expect(leftMs(punctuality, 10_000, 0, { wallLagMs: 400 })).toBe(PATIENCE_MS - 400);
  expect(leftMs(punctuality, 10_010, 0, { wallLagMs: 400 })).toBeCloseTo(PATIENCE_MS);
  expect(leftMs(new Punctuality(), 10_000, 0, { wallLagMs: -400 })).toBe(PATIENCE_MS);
});

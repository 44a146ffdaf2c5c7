import { expect, test } from "vitest";
import { indexRange, isReversed } from "./index-range.ts";

test.each([
  [0n, 4n, { first: 0, last: 4 }],
  [1n, -2n, { first: 1, last: 3 }],
  [-3n, -1n, { first: 2, last: 4 }],
  [-100n, 100n, { first: 0, last: 4 }],
  [0n, -100n, { first: 0, last: 0 }],
  [-(2n ** 63n), 2n ** 63n - 1n, { first: 0, last: 4 }],
])("of five, from %s to %s", (from, to, range) => {
  expect(indexRange(from, to, 5)).toEqual(range);
});

test.each([
  [3n, 2n],
  [5n, 9n],
  [2n ** 63n - 1n, 2n ** 63n - 1n],
])("of five, nothing from %s to %s", (from, to) => {
  const { first, last } = indexRange(from, to, 5);
  expect(first).toBeGreaterThan(last);
});

test("of nothing, nothing", () => {
  const { first, last } = indexRange(0n, -1n, 0);
  expect(first).toBeGreaterThan(last);
});

test("the order of two ends that both count from the end is told exactly, however far out they are", () => {
  expect(isReversed(-(2n ** 63n) + 1n, -(2n ** 63n))).toBe(true);
  expect(isReversed(-2n, -1n)).toBe(false);
  expect(isReversed(2n, 1n)).toBe(false);
});

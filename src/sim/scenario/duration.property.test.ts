import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

test("what is written as a span of time is read as the same", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -100_000_000, max: 100_000_000 }),
      fc.constantFrom(1, 10, 1_000),
      (count, part) => {
        const ms = count / part;
        expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 6);
      },
    ),
  );
});

test.each([
  [3_600_000, "1h"],
  [90_000, "1.5m"],
  [1_500, "1.5s"],
  [1_501, "1.501s"],
  [20, "20ms"],
  [0.25, "0.25ms"],
  [-3_600_000, "-1h"],
  [0, "0ms"],
])("%d ms is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "5", "s", "5 s", "1e3s", "5d", "--5s"])("%j is no span of time", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

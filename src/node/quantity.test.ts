import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, formatSize, parseDuration, parseSize } from "./quantity.ts";

test.each([
  ["0", 0],
  ["512", 512],
  ["512b", 512],
  ["1k", 1000],
  ["1kb", 1024],
  ["256MB", 256 * 1024 * 1024],
  ["2g", 2_000_000_000],
  ["1Gb", 1024 ** 3],
])("the size %j is %d bytes, as in Redis", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["", "mb", "-1", "1.5gb", "1 gb", "1tb", "0x10", "1e3", "99999999999gb", "1constructor"])(
  "%j is not a size",
  (text) => {
    expect(parseSize(text)).toBeUndefined();
  },
);

test.each([
  ["0", 0],
  ["1us", 1],
  ["10ms", 10_000],
  ["30s", 30_000_000],
  ["5m", 300_000_000],
  ["2H", 7_200_000_000],
  ["1d", 86_400_000_000],
])("the duration %j is %d microseconds", (text, micros) => {
  expect(parseDuration(text)).toBe(micros);
});

test.each(["", "30", "s", "-1s", "1.5s", "1 s", "1w"])("%j is not a duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test("a size or duration that was written out is read back", () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(1, 1000, 1024, 1_000_000, 1024 ** 2), (count, unit) => {
      expect(parseSize(formatSize(count * unit))).toBe(count * unit);
      expect(parseDuration(formatDuration(count * unit))).toBe(count * unit);
    }),
  );
});

test("the largest unit that is exact is the one written", () => {
  expect(formatSize(64 * 1024 * 1024)).toBe("64mb");
  expect(formatSize(1025)).toBe("1025");
  expect(formatSize(0)).toBe("0");
  expect(formatDuration(90_000_000)).toBe("90s");
  expect(formatDuration(60_000_000)).toBe("1m");
});

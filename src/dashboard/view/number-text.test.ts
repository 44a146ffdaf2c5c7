import { expect, test } from "vitest";
import {
  bytesText,
  countOf,
  countText,
  durationText,
  millisecondsText,
  percentText,
  rateText,
} from "./number-text.ts";

test.each([
  [0, "0"],
  [0.4213, "0.42"],
  [7.256, "7.26"],
  [9.996, "10.0"],
  [42.37, "42.4"],
  [128.3, "128"],
  [1234, "1,234"],
  [9_999.6, "10.0k"],
  [12_412, "12.4k"],
  [99_960, "100k"],
  [123_456, "123k"],
  [999_960, "1.0M"],
  [3_141_593, "3.1M"],
  [12_000_000, "12M"],
  [null, "–"],
  [Number.NaN, "–"],
])("a rate of %d is %s", (value, text) => expect(rateText(value)).toBe(text));

test.each([
  [0, "0 ms"],
  [0.213, "0.21 ms"],
  [14.23, "14.2 ms"],
  [412, "412 ms"],
  [999.6, "1.0 s"],
  [1300, "1.3 s"],
])("%d milliseconds are %s", (ms, text) => expect(millisecondsText(ms)).toBe(text));

test.each([
  [0, "0 s"],
  [0.04, "40 ms"],
  [4.21, "4.2 s"],
  [12.4, "12 s"],
  [240, "4 min"],
  [7200, "2 h"],
  [345_600, "4 d"],
])("%d seconds are %s", (seconds, text) => expect(durationText(seconds)).toBe(text));

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [4_404_019, "4.2 MB"],
  [536_870_912, "512 MB"],
])("%d bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

test("counts and parts", () => {
  expect(countText(16384)).toBe("16,384");
  expect(countOf(1, "copy", "copies")).toBe("1 copy");
  expect(countOf(1024, "copy", "copies")).toBe("1,024 copies");
  expect([0, 0.256, 1].map(percentText)).toEqual(["0%", "25.6%", "100%"]);
});

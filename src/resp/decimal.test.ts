import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { parseDecimal } from "./decimal.ts";

const parse = (text: string): number | bigint | undefined => parseDecimal(utf8(text), 0, text.length);

test.each([
  ["0", 0],
  ["7", 7],
  ["-1", -1],
  ["1234567890", 1234567890],
  ["9007199254740991", 9007199254740991],
  ["9007199254740992", 9007199254740992n],
  ["-9007199254740993", -9007199254740993n],
  ["9223372036854775807", 9223372036854775807n],
  ["-9223372036854775808", -9223372036854775808n],
])("%s is a number", (text, value) => {
  expect(parse(text)).toBe(value);
});

test.each(["", "-", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1.0", "1e3", "0x10", "a", "1a"])(
  "%j is not canonical",
  (text) => {
    expect(parse(text)).toBeUndefined();
  },
);

test.each(["9223372036854775808", "-9223372036854775809", "99999999999999999999", "100000000000000000000"])(
  "%s is past 64 bits",
  (text) => {
    expect(parse(text)).toBeUndefined();
  },
);

test("reads inside a larger buffer", () => {
  expect(parseDecimal(utf8("$-42\r\n"), 1, 4)).toBe(-42);
});

test("reads any 64-bit integer back", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      expect(BigInt(parse(`${value}`)!)).toBe(value);
    }),
  );
});

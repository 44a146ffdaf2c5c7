/** What a C compiler's long double on x86-64 gives; a soak against a real Redis is in test/. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { addExtended, INFINITE, parseExtended, toFixed17 } from "./extended-float.ts";

const rounded = (text: string) => {
  const parsed = parseExtended(text);
  return parsed && parsed !== INFINITE ? toFixed17(parsed) : parsed;
};

test.each([
  ["0", "0"],
  ["-0.0", "0"],
  ["5.", "5"],
  ["+.5E+1", "5"],
  ["5.0e3", "5000"],
  ["0.1", "0.1"],
  ["0x1.8p1", "3"],
  ["0X.8", "0.5"],
  ["18446744073709551615", "18446744073709551615"],
  ["18446744073709551617", "18446744073709551616"], // 65 bits: a tie, to even
  ["18446744073709551619", "18446744073709551620"],
  ["1e-17", "0.00000000000000001"],
  ["-4e-18", "0"],
  ["6e-18", "0.00000000000000001"],
  ["0e99999999999999999999", "0"],
  ["161700.39334752174475128", "161700.39334752174475796"],
])("%s is %s", (text, expected) => {
  expect(rounded(text)).toBe(expected);
});

test.each(["", " 1", "1 ", "1_0", "nan", "e5", ".", "+", "1e", "0x", "0x1p", "0x.p1", "1\0", "--1", "1n"])(
  "%j is no number",
  (text) => {
    expect(parseExtended(text)).toBeUndefined();
  },
);

test.each(["1.2e4932", "-1.2e4932", "0x1p16384", "1e-4951", "0x1p-16446", "1e-99999999999999999999"])(
  "%s is out of range",
  (text) => {
    expect(parseExtended(text)).toBeUndefined();
  },
);

test("the greatest and the smallest number are inside", () => {
  expect(rounded("0x1.fffffffffffffffep16383")).toMatch(/^118973149535723176502126\d+$/);
  expect(parseExtended("0x1p-16445")).toEqual({ significand: 1n, exponent: -16445 });
});

test("more than the greatest number is infinite, however it comes about", () => {
  const greatest = parseExtended("0x1.fffffffffffffffep16383")!;
  expect(addExtended(greatest, greatest)).toBe(INFINITE);
  expect(addExtended(parseExtended("-Infinity")!, parseExtended("1")!)).toBe(INFINITE);
});

test("a number too long to be one is refused before it is read", () => {
  expect(parseExtended(`1${"0".repeat(5118)}`)).toBeUndefined(); // out of range
  expect(rounded(`0.${"0".repeat(5111)}1e5112`)).toBe("1");
  expect(parseExtended(`0.${"0".repeat(5112)}1e5113`)).toBeUndefined();
});

test("integers of 64 bits add up exactly, if their sum has no more", () => {
  const half = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n });
  fc.assert(
    fc.property(half, half, (a, b) => {
      expect(toFixed17(addExtended(parseExtended(`${a}`)!, parseExtended(`${b}`)!))).toBe(`${a + b}`);
    }),
  );
});

test("a number below 100 with 17 decimals at most is told as it was given", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 19n - 1n }), (units) => {
      const digits = units.toString().padStart(18, "0");
      const text = `${digits.slice(0, -17)}.${digits.slice(-17)}`;
      expect(rounded(text)).toBe(text.replace(/\.?0+$/, ""));
    }),
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { doubleText } from "./double-text.ts";

test.each([
  [0, "0"],
  [-0, "-0"],
  [3, "3"],
  [-17, "-17"],
  [1.5, "1.5"],
  [0.1, "0.10000000000000001"],
  [-0.1, "-0.10000000000000001"],
  [3.14, "3.1400000000000001"],
  [100.25, "100.25"],
  [1e16, "10000000000000000"],
  [1e17, "1e+17"],
  [1e20, "1e+20"],
  [1.5e300, "1.5000000000000001e+300"],
  [0.0001, "0.0001"],
  [0.00001, "1.0000000000000001e-05"],
  [5e-324, "4.9406564584124654e-324"],
  [Number.MAX_VALUE, "1.7976931348623157e+308"],
  [2 ** 53, "9007199254740992"],
  [2 ** 60, "1.152921504606847e+18"],
  [Infinity, "inf"],
  [-Infinity, "-inf"],
  [NaN, "nan"],
])("%s as C's printf writes it", (value, text) => {
  expect(doubleText(value)).toBe(text);
});

test("a tie between two 17-digit texts goes to the even digit", () => {
  expect(doubleText(1e15 + 0.25)).toBe("1000000000000000.2");
  expect(doubleText(1e15 + 0.75)).toBe("1000000000000000.8");
});

test("agrees with exact arithmetic on any number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(doubleText(value)).toBe(exactText(value));
    }),
    { numRuns: 2000 },
  );
});

test("agrees with exact arithmetic where ties are common", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2 ** 49, max: 2 ** 50 }),
      fc.integer({ min: 0, max: 7 }),
      (whole, eighths) => {
        expect(doubleText(whole + eighths / 8)).toBe(exactText(whole + eighths / 8));
      },
    ),
    { numRuns: 2000 },
  );
});

test("reads back as the same number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(doubleText(value))).toBe(value);
    }),
  );
});

/** "%.17g" by whole numbers only: slow, and independent of how JavaScript prints. */
function exactText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  if (value < 0) return `-${exactText(-value)}`;
  let [numerator, denominator] = fractionOf(value);
  let exponent = 0;
  for (; numerator >= denominator * 10n; exponent++) denominator *= 10n;
  for (; numerator < denominator; exponent--) numerator *= 10n;
  let digits = roundHalfEven(numerator * 10n ** 16n, denominator);
  if (digits === 10n ** 17n) {
    digits /= 10n;
    exponent++;
  }
  return layOut(`${digits}`, exponent);
}

function fractionOf(value: number): [bigint, bigint] {
  let scaled = value;
  let denominator = 1n;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    denominator *= 2n;
  }
  return [BigInt(scaled), denominator];
}

function roundHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twiceRest = (numerator % denominator) * 2n;
  const isUp = twiceRest > denominator || (twiceRest === denominator && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}

function layOut(digits: string, exponent: number): string {
  if (exponent >= -4 && exponent < 17) {
    const padded = "0".repeat(Math.max(0, -exponent)) + digits;
    const point = Math.max(0, exponent) + 1;
    return trim(`${padded.slice(0, point)}.${padded.slice(point)}`);
  }
  const power = `${exponent < 0 ? "-" : "+"}${Math.abs(exponent) < 10 ? "0" : ""}${Math.abs(exponent)}`;
  return `${trim(`${digits[0]}.${digits.slice(1)}`)}e${power}`;
}

function trim(text: string): string {
  return text.replace(/\.?0+$|\.$/, "");
}

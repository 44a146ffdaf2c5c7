/**
 * Whole numbers as RESP writes them: 64 bits, signed, in the one canonical form. No leading zero, no plus
 * sign, no "-0", no blanks. Redis reads lengths and integer arguments by this rule (its `string2ll`).
 */

const DIGIT_ZERO = 0x30;
const MINUS = 0x2d;
const DIGITS_SAFE = 15; // every number of so many digits is a safe integer
const TEXT_BYTES_MAX = 20; // "-9223372036854775808"
const INT64_MAX = 2n ** 63n - 1n;

/** The number in `bytes[start, end)`: a bigint if it is not a safe integer, undefined if not canonical or past 64 bits. */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number | bigint | undefined {
  const length = end - start;
  if (length <= 0 || length > TEXT_BYTES_MAX) return undefined;
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  if (bytes[first] === DIGIT_ZERO) return length === 1 ? 0 : undefined;
  if (first === end) return undefined;
  let magnitude = 0;
  for (let i = first; i < end; i++) {
    const digit = bytes[i]! - DIGIT_ZERO;
    if (digit < 0 || digit > 9) return undefined;
    magnitude = magnitude * 10 + digit;
  }
  if (end - first <= DIGITS_SAFE || Number.isSafeInteger(magnitude))
    return isNegative ? -magnitude : magnitude;
  return parseLong(bytes, first, end, isNegative);
}

function parseLong(bytes: Uint8Array, first: number, end: number, isNegative: boolean): bigint | undefined {
  let magnitude = 0n;
  for (let i = first; i < end; i++) magnitude = magnitude * 10n + BigInt(bytes[i]! - DIGIT_ZERO);
  if (isNegative) return magnitude <= INT64_MAX + 1n ? -magnitude : undefined;
  return magnitude <= INT64_MAX ? magnitude : undefined;
}

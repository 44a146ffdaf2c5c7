/**
 * The 80-bit floating-point numbers of x86 processors, in which Redis computes INCRBYFLOAT: 64 bits of
 * precision, 15 of exponent. Exact: every operation computes without loss, then rounds once, to nearest,
 * ties to even. So results are those of Redis on x86-64 digit for digit.
 */

/** The number significand * 2^exponent. Not normalised: many pairs say one number. */
export interface ExtendedFloat {
  readonly significand: bigint;
  readonly exponent: number;
}

export const ZERO: ExtendedFloat = { significand: 0n, exponent: 0 };
/** Of either sign: nothing finite comes of it. */
export const INFINITE: ExtendedFloat = { significand: 1n, exponent: Infinity };

const PRECISION_BITS = 64;
/** Of the smallest number's only bit. */
const EXPONENT_MIN = -16445;
const MAGNITUDE_BITS_MAX = 16384;

/** Longer numbers are refused. */
const TEXT_CHARACTERS_MAX = 5 * 1024 - 1;
/** Exponents beyond these mean infinite or nothing, however many digits stand before them. */
const DECIMAL_EXPONENT_MAX = 11_000;
const BINARY_EXPONENT_MAX = 40_000;

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;
const HEXADECIMAL = /^([+-]?)0x(?=\.?[\da-f])([\da-f]*)(?:\.([\da-f]*))?(?:p([+-]?\d+))?$/i;
const INFINITY = /^[+-]?inf(?:inity)?$/i;

/** The number nearest to what `text` says in C's notation; undefined if it says none, or one out of range. */
export function parseExtended(text: string): ExtendedFloat | undefined {
  if (text.length > TEXT_CHARACTERS_MAX) return undefined;
  if (INFINITY.test(text)) return INFINITE;
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) return parseDecimal(decimal);
  const hexadecimal = HEXADECIMAL.exec(text);
  return hexadecimal === null ? undefined : parseHexadecimal(hexadecimal);
}

export function addExtended(a: ExtendedFloat, b: ExtendedFloat): ExtendedFloat {
  if (a === INFINITE || b === INFINITE) return INFINITE;
  const exponent = Math.min(a.exponent, b.exponent);
  return nearest(scaled(a, exponent) + scaled(b, exponent), 1n, exponent);
}

/** Rounded to 17 decimals, without an exponent and without zeros at the end. Requires: not INFINITE. */
export function toFixed17({ significand, exponent }: ExtendedFloat): string {
  const units = magnitude(significand) * 10n ** 17n;
  const rounded = exponent >= 0 ? units << BigInt(exponent) : divide(units, 1n << BigInt(-exponent));
  const digits = rounded.toString().padStart(18, "0");
  const text = `${digits.slice(0, -17)}.${digits.slice(-17)}`.replace(/\.?0+$/, "");
  return significand < 0n && rounded !== 0n ? `-${text}` : text;
}

function parseDecimal([, sign, whole, fraction = "", power]: RegExpExecArray): ExtendedFloat | undefined {
  const digits = signed(sign!, BigInt(`0${whole}${fraction}`));
  const exponent = clamp(Number(power ?? 0), DECIMAL_EXPONENT_MAX) - fraction.length;
  const scale = 10n ** BigInt(Math.abs(exponent));
  return inRange(digits, exponent < 0 ? nearest(digits, scale, 0) : nearest(digits * scale, 1n, 0));
}

function parseHexadecimal([, sign, whole, fraction = "", power]: RegExpExecArray): ExtendedFloat | undefined {
  const digits = signed(sign!, BigInt(`0x0${whole}${fraction}`));
  const exponent = clamp(Number(power ?? 0), BINARY_EXPONENT_MAX) - 4 * fraction.length;
  return inRange(digits, nearest(digits, 1n, exponent));
}

function signed(sign: string, value: bigint): bigint {
  return sign === "-" ? -value : value;
}

function clamp(value: number, max: number): number {
  return Math.max(-max, Math.min(max, value));
}

/** Undefined if so great or so small that nothing was left of it. */
function inRange(digits: bigint, rounded: ExtendedFloat): ExtendedFloat | undefined {
  return rounded === INFINITE || (rounded.significand === 0n && digits !== 0n) ? undefined : rounded;
}

/** The number nearest to numerator / denominator * 2^exponent. */
function nearest(numerator: bigint, denominator: bigint, exponent: number): ExtendedFloat {
  if (numerator === 0n) return ZERO;
  const dividend = magnitude(numerator);
  let shift = bitLength(dividend) - bitLength(denominator) - PRECISION_BITS;
  if (shiftedQuotient(dividend, denominator, shift) >> BigInt(PRECISION_BITS) > 0n) shift++;
  shift = Math.max(shift, EXPONENT_MIN - exponent);
  const significand =
    shift < 0
      ? divide(dividend << BigInt(-shift), denominator)
      : divide(dividend, denominator << BigInt(shift));
  if (bitLength(significand) + shift + exponent > MAGNITUDE_BITS_MAX) return INFINITE;
  return { significand: numerator < 0n ? -significand : significand, exponent: shift + exponent };
}

function shiftedQuotient(dividend: bigint, divisor: bigint, shift: number): bigint {
  return shift < 0 ? (dividend << BigInt(-shift)) / divisor : dividend / (divisor << BigInt(shift));
}

/** Rounded to nearest, ties to even. */
function divide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = 2n * (dividend - quotient * divisor);
  const roundsUp = twice > divisor || (twice === divisor && (quotient & 1n) === 1n);
  return roundsUp ? quotient + 1n : quotient;
}

function scaled({ significand, exponent }: ExtendedFloat, to: number): bigint {
  return significand << BigInt(exponent - to);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function bitLength(value: bigint): number {
  const hexadecimal = value.toString(16);
  return 4 * hexadecimal.length - (Math.clz32(Number.parseInt(hexadecimal[0]!, 16)) - 28);
}

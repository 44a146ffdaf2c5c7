/**
 * Doubles as text, exactly as Redis replies with them: C's "%.17g".
 *
 *   3 -> 3     0.1 -> 0.10000000000000001     1e20 -> 1e+20     1e-5 -> 1.0000000000000001e-05     -0 -> -0
 *
 * 17 significant digits name every double uniquely, so the text reads back as the same number.
 */

const SIGNIFICANT_DIGITS = 17;
const INTEGER_PLAIN_MAX = 2 ** 53;
const KEPT_LENGTH = SIGNIFICANT_DIGITS + 1; // with the point
/** A tie lies within the digits that a double can show, so so many digits tell it from a near miss. */
const TIE_DIGITS = 60;

export function doubleText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) <= INTEGER_PLAIN_MAX)
    return Object.is(value, -0) ? "-0" : `${value}`;
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return value < 0 ? `-${positiveText(-value)}` : positiveText(value);
}

function positiveText(value: number): string {
  const [mantissa, power] = roundHalfEven(value).split("e") as [string, string];
  const exponent = Number(power);
  const digits = (mantissa[0] + mantissa.slice(2)).replace(/0+$/, "");
  if (exponent < -4 || exponent >= SIGNIFICANT_DIGITS) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${`${Math.abs(exponent)}`.padStart(2, "0")}`;
  }
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, "0");
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** 17 digits as "d.dddde+x". JavaScript rounds a tie up, C to the even digit: they differ if the digit kept is even. */
function roundHalfEven(value: number): string {
  const rounded = value.toExponential(SIGNIFICANT_DIGITS - 1);
  if (value.toExponential(SIGNIFICANT_DIGITS)[KEPT_LENGTH] !== "5") return rounded;
  const exact = value.toExponential(TIE_DIGITS);
  const isTie = /^50*e/.test(exact.slice(KEPT_LENGTH));
  if (!isTie || Number(exact[KEPT_LENGTH - 1]) % 2 === 1) return rounded;
  return exact.slice(0, KEPT_LENGTH) + exact.slice(exact.indexOf("e"));
}

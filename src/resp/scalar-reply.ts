/**
 * Replies of one line, read:  + simple   - error   : integer   , double   ( big number   # boolean   _ null
 * Source: RESP specification.
 */
import { toText } from "../base/bytes.ts";
import { parseDecimal } from "./decimal.ts";
import { bigNumber, double, failure, type Reply, simple } from "./reply.ts";

const PLUS = 0x2b;
const DOUBLE_PATTERN = /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/;
const INFINITY_PATTERN = /^[+-]?inf$/;
const NOT_A_NUMBER_PATTERN = /^-?nan$/;
const WHOLE_NUMBER_PATTERN = /^[+-]?\d+$/;

/** The reply of a `type` whose line holds `bytes[start, end)` after it; undefined if it is not one. */
export function scalarOf(type: string, bytes: Uint8Array, start: number, end: number): Reply | undefined {
  if (type === ":") return parseDecimal(bytes, bytes[start] === PLUS ? start + 1 : start, end);
  const text = toText(bytes.subarray(start, end));
  switch (type) {
    case "+":
      return simple(text);
    case "-":
      return failure(text);
    case ",":
      return doubleOf(text);
    case "(":
      return WHOLE_NUMBER_PATTERN.test(text) ? bigNumber(BigInt(text)) : undefined;
    case "#":
      return text === "t" || text === "f" ? text === "t" : undefined;
    case "_":
      return text === "" ? null : undefined;
    default:
      return undefined;
  }
}

function doubleOf(text: string): Reply | undefined {
  if (DOUBLE_PATTERN.test(text)) return double(Number(text));
  if (INFINITY_PATTERN.test(text)) return double(text.startsWith("-") ? -Infinity : Infinity);
  return NOT_A_NUMBER_PATTERN.test(text) ? double(Number.NaN) : undefined;
}

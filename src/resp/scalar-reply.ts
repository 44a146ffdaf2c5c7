/**
 * Replies of one line, read:  + simple   - error   : integer   , double   ( big number   # boolean   _ null
 * Source: RESP specification.
 */
import { toText } from "../base/bytes.ts";
import { parseDecimal } from "./decimal.ts";
import { bigNumber, double, failure, OK, type Reply, simple } from "./reply.ts";
import { BIG_NUMBER, BOOLEAN, DOUBLE, ERROR, INTEGER, NULL, SIMPLE } from "./reply-type.ts";

const PLUS = 0x2b;
const ASCII_MAX = 0x7f;
const SHORT_TEXT_BYTES_MAX = 32;
const DOUBLE_PATTERN = /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/;
const INFINITY_PATTERN = /^[+-]?inf$/;
const NOT_A_NUMBER_PATTERN = /^-?nan$/;
const WHOLE_NUMBER_PATTERN = /^[+-]?\d+$/;

/** The reply of a `type` whose line holds `bytes[start, end)` after it; undefined if it is not one. */
export function scalarOf(type: number, bytes: Uint8Array, start: number, end: number): Reply | undefined {
  if (type === INTEGER) return parseDecimal(bytes, bytes[start] === PLUS ? start + 1 : start, end);
  const text = lineText(bytes, start, end);
  switch (type) {
    case SIMPLE:
      return text === "OK" ? OK : simple(text);
    case ERROR:
      return failure(text);
    case DOUBLE:
      return doubleOf(text);
    case BIG_NUMBER:
      return WHOLE_NUMBER_PATTERN.test(text) ? bigNumber(BigInt(text)) : undefined;
    case BOOLEAN:
      return text === "t" || text === "f" ? text === "t" : undefined;
    case NULL:
      return text === "" ? null : undefined;
    default:
      return undefined;
  }
}

/** As toText, which costs more than all the rest for the short ASCII that most lines are. */
function lineText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_TEXT_BYTES_MAX) return toText(bytes.subarray(start, end));
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > ASCII_MAX) return toText(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

function doubleOf(text: string): Reply | undefined {
  if (DOUBLE_PATTERN.test(text)) return double(Number(text));
  if (INFINITY_PATTERN.test(text)) return double(text.startsWith("-") ? -Infinity : Infinity);
  return NOT_A_NUMBER_PATTERN.test(text) ? double(Number.NaN) : undefined;
}

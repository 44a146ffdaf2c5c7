/** Reading a command's arguments, with Redis's own refusals. Each throws CommandError. */
import { integerOf } from "../causality/counter-cell.ts";
import { CommandError } from "./command-shape.ts";

export const NOT_AN_INTEGER = "ERR value is not an integer or out of range";
export const NOT_A_FLOAT = "ERR value is not a valid float";
export const SYNTAX_ERROR = "ERR syntax error";

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const CANONICAL_INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;

/** Bytes as Latin-1: one character per byte, nothing lost. For option words, numbers and patterns. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** The bytes of a Latin-1 text. */
export function fromLatin1(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** An option word in upper case, however the client wrote it. */
export function word(bytes: Uint8Array): string {
  return latin1(bytes).toUpperCase();
}

/** An argument as errors show it: its first bytes, up to a NUL. Latin-1, as `ReplyWriter.error` wants it. */
export function echo(bytes: Uint8Array, bytesMax = 128): string {
  const end = bytes.indexOf(0);
  return latin1(bytes.subarray(0, end < 0 ? bytesMax : Math.min(end, bytesMax)));
}

/** A signed 64-bit integer in canonical form ("7", "-1"; not "+7", "07", " 7"), or undefined. */
export function parseInteger64(bytes: Uint8Array): bigint | undefined {
  if (bytes.length === 0 || bytes.length > 20) return undefined;
  const short = integerOf(bytes, 0, bytes.length);
  if (!Number.isNaN(short)) return BigInt(short);
  const text = latin1(bytes);
  if (!CANONICAL_INTEGER.test(text)) return undefined;
  const value = BigInt(text);
  return value > INT64_MAX || value < INT64_MIN ? undefined : value;
}

export function integer64(bytes: Uint8Array, refusal = NOT_AN_INTEGER): bigint {
  const value = parseInteger64(bytes);
  if (value === undefined) throw new CommandError(refusal);
  return value;
}

/** An integer that a JavaScript number holds exactly, within [min, max]. */
export function integer(
  bytes: Uint8Array,
  { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, refusal = NOT_AN_INTEGER } = {},
): number {
  const value = Number(integer64(bytes, refusal));
  if (value < min || value > max) throw new CommandError(refusal);
  return value;
}

/** True if the 64-bit sum or product stays inside the signed range. */
export function fitsInt64(value: bigint): boolean {
  return value <= INT64_MAX && value >= INT64_MIN;
}

/** A web page can make a browser send requests here: such a connection ends before its body is read as commands. */
export function isHttp(name: Uint8Array): boolean {
  const text = latin1(name.subarray(0, 8)).toLowerCase();
  return text === "post" || text === "host:";
}

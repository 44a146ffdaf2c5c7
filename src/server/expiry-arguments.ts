/** Expiry options, as SET, GETEX and the EXPIRE family take them: checked and turned into an absolute time. */
import type { Request } from "../resp/request.ts";
import { fitsInt64, integer64, latin1, SYNTAX_ERROR } from "./arguments.ts";
import { CommandError } from "./command-shape.ts";

/** Wall times fit in 48 bits: up to the year 10889. What is to expire after that expires then. */
export const EXPIRES_AT_MS_MAX = 2 ** 48 - 1;

/** Not 0, which would be never. */
const LONG_AGO_MS = 1;

export type ExpiryUnit = "EX" | "PX" | "EXAT" | "PXAT";

export function isExpiryUnit(option: string): option is ExpiryUnit {
  return option === "EX" || option === "PX" || option === "EXAT" || option === "PXAT";
}

/** An expiry option as it was given. */
export interface GivenExpiry {
  readonly unit: ExpiryUnit;
  readonly amount: Uint8Array;
}

/**
 * The expiry that argument i begins: `option` is its word, `before` what an earlier argument has said, which may be
 * repeated but not contradicted. Undefined if it is none; throws CommandError if it lacks its amount.
 */
export function readExpiry(
  args: readonly Uint8Array[],
  i: number,
  option: string,
  before: GivenExpiry | undefined,
): GivenExpiry | undefined {
  if (!isExpiryUnit(option)) return undefined;
  const amount = args[i + 1];
  if (amount === undefined || (before?.unit ?? option) !== option) throw new CommandError(SYNTAX_ERROR);
  return { unit: option, amount };
}

/** The wall time that `amount` of `unit` means. Throws CommandError unless positive and in range. */
export function expiryOption(amount: Uint8Array, unit: ExpiryUnit, wallMs: number, command: string): number {
  const value = integer64(amount);
  const refusal = `ERR invalid expire time in '${command}' command`;
  if (value <= 0n) throw new CommandError(refusal);
  return expiresAt(value, unit, wallMs, refusal);
}

/** As `expiryOption`, but a time gone by is fine: such a key is to be deleted. */
export function expiresAt(value: bigint, unit: ExpiryUnit, wallMs: number, refusal: string): number {
  const ms = unit === "EX" || unit === "EXAT" ? value * 1000n : value;
  const isRelative = unit === "EX" || unit === "PX";
  const at = isRelative ? ms + BigInt(wallMs) : ms;
  if (!fitsInt64(ms) || !fitsInt64(at)) throw new CommandError(refusal);
  if (at <= 0n) return LONG_AGO_MS;
  return at > EXPIRES_AT_MS_MAX ? EXPIRES_AT_MS_MAX : Number(at);
}

/** True if `bytes` is `option`, in any case. */
export function isOption(bytes: Uint8Array, option: string): boolean {
  return bytes.length === option.length && latin1(bytes).toUpperCase() === option;
}

const [LETTER_E, LETTER_P, LETTER_X] = [0x65, 0x70, 0x78];
const CASE_BIT = 0x20;

/** Hot: the time that `EX seconds` or `PX milliseconds` at argument i mean; undefined if the general way must judge them. */
export function plainExpiry(request: Request, i: number, wallMs: number): number | undefined {
  const { bytes, starts, ends } = request;
  const unitAt = starts[i]!;
  const unit = bytes[unitAt]! | CASE_BIT;
  if (ends[i]! - unitAt !== 2 || (bytes[unitAt + 1]! | CASE_BIT) !== LETTER_X) return undefined;
  if (unit !== LETTER_E && unit !== LETTER_P) return undefined;
  return plainAmount(request, i + 1, unit === LETTER_E ? 1000 : 1, wallMs);
}

const [DIGIT_0, DIGIT_9] = [0x30, 0x39];
const DIGITS_MAX = 10;

/**
 * Hot: the time that is as many times `unitMs` away as argument i says, read in place; undefined if `expiryOption` must
 * judge it.
 */
export function plainAmount(
  { bytes, starts, ends }: Request,
  i: number,
  unitMs: number,
  wallMs: number,
): number | undefined {
  const [start, end] = [starts[i]!, ends[i]!];
  if (start === end || end - start > DIGITS_MAX || bytes[start] === DIGIT_0) return undefined;
  let amount = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]!;
    if (digit < DIGIT_0 || digit > DIGIT_9) return undefined;
    amount = amount * 10 + (digit - DIGIT_0);
  }
  return wallMs + amount * unitMs;
}

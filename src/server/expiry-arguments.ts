/** Expiry options, as SET, GETEX and the EXPIRE family take them: checked and turned into an absolute time. */
import { fitsInt64, integer64, latin1 } from "./arguments.ts";
import { CommandError } from "./command-shape.ts";

/** Wall times fit in 48 bits: up to the year 10889. What is to expire after that expires then. */
export const EXPIRES_AT_MS_MAX = 2 ** 48 - 1;

/** Not 0, which would be never. */
const LONG_AGO_MS = 1;

export type ExpiryUnit = "EX" | "PX" | "EXAT" | "PXAT";

export function isExpiryUnit(option: string): option is ExpiryUnit {
  return option === "EX" || option === "PX" || option === "EXAT" || option === "PXAT";
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

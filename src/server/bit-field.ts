/**
 * Integers of 1 to 64 bits at any bit of a value, the highest bit first; and what happens when they overflow.
 *
 *   offset 7, 5 bits, value 23:   |0000000 1|0111 0000|
 */

export interface FieldType {
  readonly isSigned: boolean;
  /** 1 to 64; to 63 if unsigned. */
  readonly bits: number;
}

/** Keep the low bits, stay at the limit, or do nothing. */
export type OverflowRule = "WRAP" | "SAT" | "FAIL";

export function isOverflowRule(name: string): name is OverflowRule {
  return name === "WRAP" || name === "SAT" || name === "FAIL";
}

/** The integer at bit `offset`. What lies past the end reads as zeros. */
export function readField(value: Uint8Array, offset: number, { isSigned, bits }: FieldType): bigint {
  const lastBit = offset + bits - 1;
  const unsigned = readWindow(value, offset, lastBit) >> trailingBits(lastBit);
  return isSigned ? BigInt.asIntN(bits, unsigned) : BigInt.asUintN(bits, unsigned);
}

/** Writes the low bits of `field`. Requires: the value reaches so far. */
export function writeField(value: Uint8Array, offset: number, { bits }: FieldType, field: bigint): void {
  const lastBit = offset + bits - 1;
  const shift = trailingBits(lastBit);
  const mask = ((1n << BigInt(bits)) - 1n) << shift;
  let window = readWindow(value, offset, lastBit);
  window = (window & ~mask) | ((field << shift) & mask);
  for (let i = Math.floor(lastBit / 8); i >= Math.floor(offset / 8); i--) {
    value[i] = Number(window & 0xffn);
    window >>= 8n;
  }
}

/** What is to be stored where `wanted` should be; undefined if the rule is to store nothing. */
export function fitted(
  wanted: bigint,
  { isSigned, bits }: FieldType,
  rule: OverflowRule,
): bigint | undefined {
  const min = isSigned ? -(1n << BigInt(bits - 1)) : 0n;
  const max = min + (1n << BigInt(bits)) - 1n;
  if (wanted >= min && wanted <= max) return wanted;
  if (rule === "FAIL") return undefined;
  if (rule === "SAT") return wanted < min ? min : max;
  return isSigned ? BigInt.asIntN(bits, wanted) : BigInt.asUintN(bits, wanted);
}

/** The whole bytes around the field as one number. */
function readWindow(value: Uint8Array, firstBit: number, lastBit: number): bigint {
  let window = 0n;
  for (let i = Math.floor(firstBit / 8); i <= Math.floor(lastBit / 8); i++) {
    window = (window << 8n) | BigInt(value[i] ?? 0);
  }
  return window;
}

/** How many bits stand behind the field in its last byte. */
function trailingBits(lastBit: number): bigint {
  return BigInt(7 - (lastBit % 8));
}

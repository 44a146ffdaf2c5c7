/** Values as strings of bits: bit 0 is the highest of the first byte; past the end all bits read as 0. */
import { integer64, SYNTAX_ERROR, word } from "./arguments.ts";
import { type CommandEnvironment, CommandError } from "./command-shape.ts";

const OFFSET_REFUSAL = "ERR bit offset is not an integer or out of range";

/** The offset of a bit that a value may have, counted in units of `unitBits`. Throws CommandError. */
export function bitOffset(bytes: Uint8Array, { valueBytesMax }: CommandEnvironment, unitBits = 1): number {
  const offset = Number(integer64(bytes, OFFSET_REFUSAL)) * unitBits;
  if (offset < 0 || offset >= valueBytesMax * 8) throw new CommandError(OFFSET_REFUSAL);
  return offset;
}

/** How many bits an index of a range stands for: `BIT` or `BYTE`. Throws CommandError. */
export function rangeUnitBits(bytes: Uint8Array): number {
  const unit = word(bytes);
  if (unit !== "BIT" && unit !== "BYTE") throw new CommandError(SYNTAX_ERROR);
  return unit === "BIT" ? 1 : 8;
}

/** A copy to be written to, with zeros up to `lengthBytes` if that is longer. */
export function grownCopy(value: Uint8Array | undefined, lengthBytes: number): Uint8Array {
  const copy = new Uint8Array(Math.max(lengthBytes, value?.length ?? 0));
  if (value !== undefined) copy.set(value);
  return copy;
}

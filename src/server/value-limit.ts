/** The longest value that may be stored, asked of every command that makes values longer. */
import { type CommandEnvironment, CommandError } from "./command-shape.ts";

/** Throws CommandError if a value of `lengthBytes` must not be stored. */
export function checkValueLength(lengthBytes: number, { valueBytesMax }: CommandEnvironment): void {
  if (lengthBytes > valueBytesMax) {
    throw new CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  }
}

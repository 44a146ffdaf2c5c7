/** The number of a database, as SELECT, MOVE, COPY and SWAPDB take it. */
import { DATABASE_COUNT } from "../node/settings.ts";
import { integer64 } from "./arguments.ts";
import { CommandError } from "./command-shape.ts";

const INT32_MAX = 2n ** 31n - 1n;
const INT32_MIN = -(2n ** 31n);

/** Throws CommandError unless it names a database. */
export function databaseArgument(argument: Uint8Array): number {
  return existingDatabase(integer32(argument));
}

/** A signed 32-bit integer. Throws CommandError, with `refusal` if given. */
export function integer32(argument: Uint8Array, refusal?: string): number {
  const value = integer64(argument, refusal);
  if (value > INT32_MAX || value < INT32_MIN) {
    throw new CommandError(
      refusal ?? `ERR value is out of range, value must between ${INT32_MIN} and ${INT32_MAX}`,
    );
  }
  return Number(value);
}

/** Throws CommandError unless there is a database of this number. */
export function existingDatabase(number: number): number {
  if (number < 0 || number >= DATABASE_COUNT) throw new CommandError("ERR DB index is out of range");
  return number;
}

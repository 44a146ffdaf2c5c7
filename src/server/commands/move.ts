/** `MOVE key db` -> 1, or 0 if the key is not there, or is there in that database. Its expiry moves along. */

import { DATABASE_COUNT } from "../../node/settings.ts";
import { parseInteger64 } from "../arguments.ts";
import { CommandError, type UpdateManyCommand } from "../command.ts";
import { databaseArgument } from "../database-argument.ts";
import { SAME_OBJECT } from "./copy.ts";

export const move: UpdateManyCommand = {
  name: "move",
  kind: "update-many",
  arity: 3,
  flags: ["write", "fast"],
  group: "generic",
  since: "1.0.0",
  summary: "Takes a key to another database.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key db",
  keyRefs: (args, database) => [
    { database, key: args[1]! },
    { database: targetDatabase(args[2]!, database), key: args[1]! },
  ],
  run([source, target], args, { database }) {
    if (databaseArgument(args[2]!) === database) throw new CommandError(SAME_OBJECT);
    const { value, expiresAtMs } = source!;
    if (value === undefined || target!.value !== undefined) return { reply: 0, changes: [] };
    return { reply: 1, changes: [{ kind: "delete" }, { kind: "put", value, expiresAtMs }] };
  },
};

/** A bad number is refused when the command runs, not when its keys are asked for. */
function targetDatabase(argument: Uint8Array, database: number): number {
  const number = parseInteger64(argument) ?? -1n;
  return number >= 0n && number < DATABASE_COUNT ? Number(number) : database;
}

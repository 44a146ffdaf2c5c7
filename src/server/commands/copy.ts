/**
 * `COPY source destination [DB database] [REPLACE]` -> 1, or 0 if there is no source, or a destination and no
 * REPLACE. Value and expiry are copied; of concurrent values, the one that GET shows.
 */
import { equalBytes } from "../../base/bytes.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type UpdateManyCommand } from "../command.ts";
import { databaseArgument } from "../database-argument.ts";

export const SAME_OBJECT = "ERR source and destination objects are the same";

export const copy: UpdateManyCommand = {
  name: "copy",
  kind: "update-many",
  arity: -3,
  flags: ["write", "denyoom"],
  group: "generic",
  since: "6.2.0",
  summary: "Gives another key, perhaps of another database, the same value.",
  complexity: "O(1)",
  keys: { first: 1, last: 2, step: 1 },
  syntax: "source destination [DB destination-db] [REPLACE]",
  keyRefs: (args, database) => [
    { database, key: args[1]! },
    { database: destinationDatabase(args, database), key: args[2]! },
  ],
  run([source, destination], args, environment) {
    const { database, replaces } = parseOptions(args, environment.database);
    if (database === environment.database && equalBytes(args[1]!, args[2]!))
      throw new CommandError(SAME_OBJECT);
    const { value, expiresAtMs } = source!;
    const isFree = destination!.value === undefined || replaces;
    if (value === undefined || !isFree) return { reply: 0, changes: [] };
    return { reply: 1, changes: [undefined, { kind: "put", value, expiresAtMs }] };
  },
};

interface CopyOptions {
  database: number;
  replaces: boolean;
}

function parseOptions(args: readonly Uint8Array[], database: number): CopyOptions {
  const options: CopyOptions = { database, replaces: false };
  for (let i = 3; i < args.length; i++) {
    const option = word(args[i]!);
    if (option === "REPLACE") options.replaces = true;
    else if (option === "DB" && i + 1 < args.length) options.database = databaseArgument(args[++i]!);
    else throw new CommandError(SYNTAX_ERROR);
  }
  return options;
}

/** Bad options are refused when the command runs, not when its keys are asked for. */
function destinationDatabase(args: readonly Uint8Array[], database: number): number {
  try {
    return parseOptions(args, database).database;
  } catch (cause) {
    if (cause instanceof CommandError) return database;
    throw cause;
  }
}

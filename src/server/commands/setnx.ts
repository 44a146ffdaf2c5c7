/** `SETNX key value` -> 1 if set, 0 if the key was there. */
import { NEVER } from "../../causality/cell.ts";
import type { FastPath, UpdateCommand } from "../command.ts";

export const setnx: UpdateCommand = {
  name: "setnx",
  kind: "update",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  group: "string",
  since: "1.0.0",
  summary: "Gives a key a value unless it has one.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key value",
  run({ value }, args) {
    if (value !== undefined) return { reply: 0 };
    return { reply: 1, change: { kind: "put", value: args[2]!, expiresAtMs: NEVER } };
  },
};

/** Hot. */
export const setnxFast: FastPath = ({ server, database }, request, writer) => {
  const { inPlace } = server.node.replica;
  if (request.argCount !== 3 || !inPlace.isPossible(database, request, 2)) return false;
  const isDone = inPlace.putIf(false, database, request, NEVER, server.wallMs);
  if (isDone === undefined) return false;
  writer.integer(isDone ? 1 : 0);
  return true;
};

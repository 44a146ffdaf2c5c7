/** `PERSIST key` -> 1 if the key expired some day and no longer does, else 0. */
import { NEVER } from "../../causality/cell.ts";
import type { FastPath, UpdateCommand } from "../command.ts";

export const persist: UpdateCommand = {
  name: "persist",
  kind: "update",
  arity: 2,
  flags: ["write", "fast"],
  group: "generic",
  since: "2.2.0",
  summary: "Takes the expiry off a key.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key",
  run({ value, expiresAtMs }) {
    if (value === undefined || expiresAtMs === NEVER) return { reply: 0 };
    return { reply: 1, change: { kind: "expire", expiresAtMs: NEVER } };
  },
};

/** Hot. */
export const persistFast: FastPath = ({ server, database }, request, writer) => {
  const { inPlace } = server.node.replica;
  if (request.argCount !== 2 || !inPlace.isPossible(database, request)) return false;
  const isDone = inPlace.expire(database, request, NEVER, server.wallMs);
  if (isDone === undefined) return false;
  writer.integer(isDone ? 1 : 0);
  return true;
};

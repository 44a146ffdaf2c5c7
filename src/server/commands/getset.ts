/** `GETSET key value` -> the old value, or null. As SET with GET: the new value does not expire. */
import { NEVER } from "../../causality/cell.ts";
import type { UpdateCommand } from "../command.ts";

export const getset: UpdateCommand = {
  name: "getset",
  kind: "update",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  group: "string",
  since: "1.0.0",
  summary: "Gives a key a value and answers the one it had.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key value",
  run: ({ value }, args) => ({
    reply: value ?? null,
    change: { kind: "put", value: args[2]!, expiresAtMs: NEVER },
  }),
};

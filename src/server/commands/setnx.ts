/** `SETNX key value` -> 1 if set, 0 if the key was there. */
import { NEVER } from "../../causality/cell.ts";
import type { UpdateCommand } from "../command.ts";

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

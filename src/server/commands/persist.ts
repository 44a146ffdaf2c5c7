/** `PERSIST key` -> 1 if the key expired some day and no longer does, else 0. */
import { NEVER } from "../../causality/cell.ts";
import type { UpdateCommand } from "../command.ts";

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

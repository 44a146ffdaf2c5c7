/** `GETDEL key` -> the value, or null; the key is gone. */
import type { UpdateCommand } from "../command.ts";

export const getdel: UpdateCommand = {
  name: "getdel",
  kind: "update",
  arity: 2,
  flags: ["write", "fast"],
  group: "string",
  since: "6.2.0",
  summary: "Answers the value of a key and deletes the key.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key",
  run: ({ value }) => (value === undefined ? { reply: null } : { reply: value, change: { kind: "delete" } }),
};

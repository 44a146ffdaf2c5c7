/** `APPEND key value` -> length of the value in bytes, which is longer by `value`. Keeps the expiry. */
import type { UpdateCommand } from "../command.ts";
import { checkValueLength } from "../value-limit.ts";

export const append: UpdateCommand = {
  name: "append",
  kind: "update",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  group: "string",
  since: "2.0.0",
  summary: "Adds bytes at the end of a value.",
  complexity: "O(N) with N the length of the new value",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key value",
  keepsExpiry: () => true,
  run({ value: before, expiresAtMs }, args, environment) {
    const tail = args[2]!;
    if (before === undefined)
      return { reply: tail.length, change: { kind: "put", value: tail, expiresAtMs } };
    checkValueLength(before.length + tail.length, environment);
    const change = { kind: "patch", value: tail, at: before.length } as const;
    return { reply: before.length + tail.length, change };
  },
};

/** `SETRANGE key offset value` -> length of the value in bytes. What was not there before reads as zeros. */
import { integer64 } from "../arguments.ts";
import { CommandError, type Effect, type UpdateCommand } from "../command.ts";
import { checkValueLength } from "../value-limit.ts";

export const setrange: UpdateCommand = {
  name: "setrange",
  kind: "update",
  arity: 4,
  flags: ["write", "denyoom"],
  group: "string",
  since: "2.2.0",
  summary: "Overwrites a part of a value, from an offset on.",
  complexity: "O(N) with N the length of the new bytes, where the value stays as long; else of the value",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key offset value",
  keepsExpiry: () => true,
  run({ value: before }, args, environment): Effect {
    const offset = Number(integer64(args[2]!));
    const patch = args[3]!;
    if (offset < 0) throw new CommandError("ERR offset is out of range");
    const lengthBefore = before?.length ?? 0;
    if (patch.length === 0) return { reply: lengthBefore };
    checkValueLength(offset + patch.length, environment);
    const length = Math.max(lengthBefore, offset + patch.length);
    return { reply: length, change: { kind: "patch", value: patch, at: offset } };
  },
};

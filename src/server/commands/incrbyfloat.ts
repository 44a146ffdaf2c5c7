/** `INCRBYFLOAT key n` -> the new value, as text without exponent. Computed and rounded as Redis does on x86-64. */
import { utf8 } from "../../base/bytes.ts";
import { latin1, NOT_A_FLOAT } from "../arguments.ts";
import { CommandError, type UpdateCommand } from "../command.ts";
import {
  addExtended,
  type ExtendedFloat,
  INFINITE,
  parseExtended,
  toFixed17,
  ZERO,
} from "../extended-float.ts";

export const incrbyfloat: UpdateCommand = {
  name: "incrbyfloat",
  kind: "update",
  arity: 3,
  flags: ["write", "denyoom", "fast"],
  group: "string",
  since: "2.6.0",
  summary: "Adds a number with a fraction to a value. Of concurrent additions only the newest shows.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key increment",
  keepsExpiry: () => true,
  run({ value: before, expiresAtMs }, args) {
    const present = before === undefined ? ZERO : parse(before);
    const sum = addExtended(present, parse(args[2]!));
    if (sum === INFINITE) throw new CommandError("ERR increment would produce NaN or Infinity");
    const value = utf8(toFixed17(sum));
    return { reply: value, change: { kind: "put", value, expiresAtMs } };
  },
};

function parse(bytes: Uint8Array): ExtendedFloat {
  const parsed = parseExtended(latin1(bytes));
  if (parsed === undefined) throw new CommandError(NOT_A_FLOAT);
  return parsed;
}

/** `GETBIT key offset` -> 0 or 1; 0 past the end of the value. */
import { bitOffset } from "../bit-string.ts";
import type { ReadCommand } from "../command.ts";

export const getbit: ReadCommand = {
  name: "getbit",
  kind: "read",
  arity: 3,
  flags: ["readonly", "fast"],
  group: "bitmap",
  since: "2.2.0",
  summary: "Answers one bit of a value.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key offset",
  run({ value }, args, environment) {
    const offset = bitOffset(args[2]!, environment);
    const byte = value?.[Math.floor(offset / 8)] ?? 0;
    return (byte >> (7 - (offset % 8))) & 1;
  },
};

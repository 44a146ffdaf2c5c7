/** `GETRANGE key start end` -> the bytes from start to end, both included; fewer where the value ends earlier. */
import { integer64 } from "../arguments.ts";
import type { ReadCommand } from "../command.ts";
import { indexRange, isReversed } from "../index-range.ts";

export const getrange: ReadCommand = {
  name: "getrange",
  kind: "read",
  arity: 4,
  flags: ["readonly"],
  group: "string",
  since: "2.4.0",
  summary: "Answers a part of a value.",
  complexity: "O(N) with N the length of the answer",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key start end",
  run({ value }, args) {
    const from = integer64(args[2]!);
    const to = integer64(args[3]!);
    if (value === undefined || isReversed(from, to)) return "";
    const { first, last } = indexRange(from, to, value.length);
    return first > last ? "" : value.subarray(first, last + 1);
  },
};

/** The name of GETRANGE before Redis 2.0. */
export const substr: ReadCommand = {
  ...getrange,
  name: "substr",
  since: "1.0.0",
  summary: "Answers a part of a value; an old name of GETRANGE.",
};

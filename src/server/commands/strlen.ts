/** `STRLEN key` -> length of the value in bytes, 0 if there is none. */
import type { ReadCommand } from "../command.ts";

export const strlen: ReadCommand = {
  name: "strlen",
  kind: "read",
  arity: 2,
  flags: ["readonly", "fast"],
  group: "string",
  since: "2.2.0",
  summary: "Answers how many bytes the value of a key has.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key",
  run: ({ value }) => value?.length ?? 0,
};

/** `TYPE key` -> string, or none. */
import { simple } from "../../resp/reply.ts";
import type { ReadCommand } from "../command.ts";

export const type: ReadCommand = {
  name: "type",
  kind: "read",
  arity: 2,
  flags: ["readonly", "fast"],
  group: "generic",
  since: "1.0.0",
  summary: "Answers what kind of value a key holds.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key",
  leavesNoTrace: true,
  run: ({ value }) => simple(value === undefined ? "none" : "string"),
};

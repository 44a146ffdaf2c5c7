/** `MGET key [key ...]` -> the values in the order of the keys, null for each that is absent. */
import type { ReadManyCommand } from "../command.ts";

export const mget: ReadManyCommand = {
  name: "mget",
  kind: "read-many",
  arity: -2,
  flags: ["readonly", "fast"],
  group: "string",
  since: "1.0.0",
  summary: "Answers the values of several keys.",
  complexity: "O(N) with N keys",
  keys: { first: 1, last: -1, step: 1 },
  syntax: "key [key ...]",
  run: (views) => views.map(({ value }) => value ?? null),
};

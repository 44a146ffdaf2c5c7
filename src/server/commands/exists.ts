/** `EXISTS key [key ...]`, `TOUCH key [key ...]` -> how many of the keys are there; one named twice counts twice. */
import type { KeyView, ReadManyCommand } from "../command.ts";

export const exists: ReadManyCommand = {
  name: "exists",
  kind: "read-many",
  arity: -2,
  flags: ["readonly", "fast"],
  group: "generic",
  since: "1.0.0",
  summary: "Counts which of the keys are there, without counting as a use of them.",
  complexity: "O(N) with N keys",
  keys: { first: 1, last: -1, step: 1 },
  syntax: "key [key ...]",
  leavesNoTrace: true,
  run: countLive,
};

export const touch: ReadManyCommand = {
  name: "touch",
  kind: "read-many",
  arity: -2,
  flags: ["readonly", "fast"],
  group: "generic",
  since: "3.2.1",
  summary: "Counts which of the keys are there, as a use of each.",
  complexity: "O(N) with N keys",
  keys: { first: 1, last: -1, step: 1 },
  syntax: "key [key ...]",
  run: countLive,
};

function countLive(views: readonly KeyView[]): number {
  return views.filter(({ value }) => value !== undefined).length;
}

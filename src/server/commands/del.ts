/** `DEL key [key ...]`, `UNLINK key [key ...]` -> how many of the keys were there. Both forget at once. */
import type { FastPath, ManyEffect, UpdateManyCommand } from "../command.ts";
import { firstOccurrences } from "../key-refs.ts";

type Step = UpdateManyCommand["run"];

/** A key that is named twice goes, and counts, once. */
const deleteKeys: Step = (views, args): ManyEffect => {
  const isFirst = firstOccurrences(args.slice(1));
  const changes = views.map(({ value }, i) =>
    value !== undefined && isFirst[i] ? ({ kind: "delete" } as const) : undefined,
  );
  return { reply: changes.filter((change) => change !== undefined).length, changes };
};

export const del: UpdateManyCommand = {
  name: "del",
  kind: "update-many",
  arity: -2,
  flags: ["write"],
  group: "generic",
  since: "1.0.0",
  summary: "Deletes keys.",
  complexity: "O(N) with N keys",
  keys: { first: 1, last: -1, step: 1 },
  syntax: "key [key ...]",
  run: deleteKeys,
};

export const unlink: UpdateManyCommand = {
  name: "unlink",
  kind: "update-many",
  arity: -2,
  flags: ["write", "fast"],
  group: "generic",
  since: "4.0.0",
  summary: "Deletes keys; their memory is given back at leisure, as after DEL.",
  complexity: "O(N) with N keys",
  keys: { first: 1, last: -1, step: 1 },
  syntax: "key [key ...]",
  run: deleteKeys,
};

export const delFast: FastPath = ({ server, database }, request, writer) => {
  const { inPlace } = server.node.replica;
  if (request.argCount < 2 || !inPlace.isPossible(database, request)) return false;
  writer.integer(inPlace.remove(database, request, server.wallMs));
  return true;
};

/** `EXISTS key [key ...]`, `TOUCH key [key ...]` -> how many of the keys are there; one named twice counts twice. */
import { HIT, MISS } from "../../replication/key-at-hand.ts";
import type { FastPath, KeyView, ReadManyCommand } from "../command.ts";
import { letGo, wholeOrNothing } from "../whole-or-nothing.ts";

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

export const existsFast: FastPath = countFast(false);
export const touchFast: FastPath = countFast(true);

function countFast(touch: boolean): FastPath {
  return ({ server, database }, request, writer) => {
    const { argCount } = request;
    const { replica } = server.node;
    if (argCount < 2 || !replica.inPlace.isPossible(database, request)) return false;
    return wholeOrNothing(writer, () => {
      let count = 0;
      for (let i = 1; i < argCount; i++) {
        const found = replica.peek(database, request, i, server.wallMs, touch);
        if (found === HIT) count++;
        else if (found !== MISS) return letGo(found);
      }
      writer.integer(count);
      return true;
    });
  };
}

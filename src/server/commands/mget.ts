/** `MGET key [key ...]` -> the values in the order of the keys, null for each that is absent. */
import { HIT, MISS } from "../../replication/key-at-hand.ts";
import type { FastPath, ReadManyCommand } from "../command.ts";
import { letGo, wholeOrNothing } from "../whole-or-nothing.ts";

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

/** Many values are written as they are found: gathered first, they would take ten times the memory. */
export const mgetFast: FastPath = ({ server, database }, request, writer) => {
  const { argCount } = request;
  const { replica } = server.node;
  if (argCount < 2 || !replica.inPlace.isPossible(database, request)) return false;
  return wholeOrNothing(writer, () => {
    const { value } = replica;
    writer.arrayHeader(argCount - 1);
    for (let i = 1; i < argCount; i++) {
      const found = replica.peek(database, request, i, server.wallMs);
      if (found === MISS) writer.nullBulk();
      else if (found === HIT) writer.bulkRange(value.bytes, value.start, value.end);
      else return letGo(found);
    }
    return true;
  });
};

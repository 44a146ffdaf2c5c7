/** `GET key` -> bulk string, or null if absent. With siblings, the newest by hybrid clock. */
import { ELSEWHERE, MISS } from "../../replication/local-replica.ts";
import type { FastPath, ReadCommand } from "../command.ts";

export const get: ReadCommand = {
  name: "get",
  kind: "read",
  arity: 2,
  flags: ["readonly", "fast"],
  group: "string",
  since: "1.0.0",
  summary: "Answers the value of a key; of concurrent values, the newest.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key",
  run: ({ value }) => value ?? null,
};

/** Hot: most requests of most clients. */
export const getFast: FastPath = ({ server, database }, request, writer) => {
  if (request.argCount !== 2) return false;
  const { bytes, starts, ends } = request;
  const { range } = server;
  const found = server.node.replica.peek(database, bytes, starts[1]!, ends[1]!, server.wallMs, range);
  if (found === ELSEWHERE) return false;
  if (found === MISS) writer.nullBulk();
  else writer.bulkRange(range.bytes, range.start, range.end);
  return true;
};

/** `GET key` -> bulk string, or null if absent. With siblings, the newest by hybrid clock. */
import { ELSEWHERE, MISS } from "../../replication/key-at-hand.ts";
import { ownOrElsewhere } from "../../replication/own-or-elsewhere.ts";
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
  const { replica } = server.node;
  const found = replica.peek(database, request, 1, server.wallMs);
  if (found === ELSEWHERE) return false;
  if (found instanceof Promise) return found.then((value) => value ?? null);
  const { value } = replica;
  if (found === MISS) writer.nullBulk();
  else writer.bulkKept(value.bytes, value.start, value.end);
  return true;
};

/** Hot: in a cluster, from here if one copy is enough and this node has it; else as many replicas as the level asks for agree. */
export const getInCluster: FastPath = (session, request, writer) => {
  if (request.argCount !== 2) return false;
  const { server, database, consistency } = session;
  const { keys } = server.clusterDoor!;
  if (keys.isHere(request, consistency)) {
    const own = getFast(session, request, writer);
    if (!(own instanceof Promise)) return own;
    const ref = { database, key: request.arg(1) };
    return ownOrElsewhere(own, async () => keys.value(ref, consistency));
  }
  const value = keys.value({ database, key: request.arg(1) }, consistency);
  return value instanceof Promise ? value : false;
};

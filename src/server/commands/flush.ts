/** `FLUSHDB [ASYNC | SYNC]`, `FLUSHALL [ASYNC | SYNC]` -> OK: every key of one database, or of all, is gone. */
import { whenReady } from "../../base/awaitable.ts";
import { OK, type Reply } from "../../resp/reply.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
import type { ClusterDoor } from "../cluster/cluster-door.ts";
import { ALL_DATABASES } from "../cluster/whole-database.ts";
import { CommandError, type Session, type SessionCommand } from "../command.ts";
import { del } from "./del.ts";

const syntax = "[ASYNC | SYNC]";

export const flushdb: SessionCommand = {
  name: "flushdb",
  kind: "session",
  arity: -1,
  flags: ["write"],
  group: "server",
  since: "1.0.0",
  summary: "Forgets every key of the database.",
  complexity: "O(N) with N keys of the database; O(1) if no other holds any",
  syntax,
  run(session, args) {
    const { server, database } = session;
    checkMode(args);
    if (server.clusterDoor !== undefined) return flushCluster(server.clusterDoor, session, [database]);
    return whenReady(server.node.replica.clear(database), () => OK);
  },
};

export const flushall: SessionCommand = {
  name: "flushall",
  kind: "session",
  arity: -1,
  flags: ["write"],
  group: "server",
  since: "1.0.0",
  summary: "Forgets every key of every database.",
  complexity: "O(1)",
  syntax,
  run(session, args) {
    const { server } = session;
    checkMode(args);
    if (server.clusterDoor !== undefined) return flushCluster(server.clusterDoor, session, ALL_DATABASES);
    return whenReady(server.node.replica.clear(), () => OK);
  },
};

/** Key by key: what a replica has missed must not come back, so each deletion is kept like any other write. */
async function flushCluster(
  door: ClusterDoor,
  { consistency }: Session,
  databases: readonly number[],
): Promise<Reply> {
  await door.database.flush(databases, consistency, del);
  return OK;
}

/** Both modes mean the same here: nobody waits for memory to be given back. */
function checkMode(args: readonly Uint8Array[]): void {
  if (args.length === 1) return;
  const mode = word(args[1]!);
  if (args.length > 2 || (mode !== "ASYNC" && mode !== "SYNC")) throw new CommandError(SYNTAX_ERROR);
}

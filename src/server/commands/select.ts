/** `SELECT index` -> OK: the database of the requests that follow. */
import { OK } from "../../resp/reply.ts";
import type { SessionCommand } from "../command.ts";
import { databaseArgument } from "../database-argument.ts";

export const select: SessionCommand = {
  name: "select",
  kind: "session",
  arity: 2,
  flags: ["loading", "stale", "fast"],
  group: "connection",
  since: "1.0.0",
  summary: "Chooses the database of the requests that follow.",
  complexity: "O(1)",
  syntax: "index",
  run(session, args) {
    session.database = databaseArgument(args[1]!);
    return OK;
  },
};

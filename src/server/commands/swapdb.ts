/** `SWAPDB index1 index2` -> OK: whoever uses the one database sees what was in the other. No key is touched. */
import { OK } from "../../resp/reply.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { existingDatabase, integer32 } from "../database-argument.ts";

export const swapdb: SessionCommand = {
  name: "swapdb",
  kind: "session",
  arity: 3,
  flags: ["write", "fast"],
  group: "server",
  since: "4.0.0",
  summary: "Lets two databases change places.",
  complexity: "O(1)",
  syntax: "index1 index2",
  run({ server }, args) {
    if (server.clusterDoor !== undefined) {
      throw new CommandError(
        "ERR SWAPDB is not possible in a cluster: databases have the same number on every node",
      );
    }
    const first = integer32(args[1]!, "ERR invalid first DB index");
    const second = integer32(args[2]!, "ERR invalid second DB index");
    server.node.replica.swapDatabases(existingDatabase(first), existingDatabase(second), server.wallMs);
    return OK;
  },
};

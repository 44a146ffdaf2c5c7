/** `SELECT index` -> OK: the database of the requests that follow. */
import { DATABASE_COUNT } from "../../node/settings.ts";
import { OK } from "../../resp/reply.ts";
import { integer64 } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";

const INT32_MAX = 2n ** 31n - 1n;

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
    const index = integer64(args[1]!);
    if (index > INT32_MAX || index < -INT32_MAX - 1n) {
      throw new CommandError("ERR value is out of range, value must between -2147483648 and 2147483647");
    }
    if (index < 0n || index >= DATABASE_COUNT) throw new CommandError("ERR DB index is out of range");
    session.database = Number(index);
    return OK;
  },
};

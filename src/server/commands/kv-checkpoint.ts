/**
 * `KV.CHECKPOINT [name | path]` -> the path of a new checkpoint of all data, when it is durable. It opens as a data
 * directory; it stays until somebody removes it.
 */
import { toText, utf8 } from "../../base/bytes.ts";
import { SYNTAX_ERROR } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { checkpointsOf } from "./save.ts";

export const kvCheckpoint: SessionCommand = {
  name: "kv.checkpoint",
  kind: "session",
  arity: -1,
  flags: ["admin", "noscript", "no_multi"],
  group: "kvorum",
  since: "0.1.0",
  summary:
    "Makes a checkpoint of all data under a name or a path, and answers its path on the node's machine.",
  complexity: "O(N) with N files; what is in memory is written first",
  syntax: "[name | path]",
  async run(session, args) {
    if (args.length > 2) throw new CommandError(SYNTAX_ERROR);
    const asked = args[1] === undefined ? undefined : toText(args[1]);
    return utf8(await checkpointsOf(session).create(asked));
  },
};

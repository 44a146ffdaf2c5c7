/**
 * `KV.CHECKPOINT name` -> the path of a new checkpoint of all data, DATA/checkpoints/name, when it is durable. It opens
 * as a data directory; it stays until somebody removes it.
 */

import { utf8 } from "../../base/bytes.ts";
import { latin1 } from "../arguments.ts";
import type { SessionCommand } from "../command.ts";
import { checkpointsOf } from "./save.ts";

export const kvCheckpoint: SessionCommand = {
  name: "kv.checkpoint",
  kind: "session",
  arity: 2,
  flags: ["admin", "noscript", "no_multi"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Makes a checkpoint of all data under a name, and answers its path on the node's machine.",
  complexity: "O(N) with N files; what is in memory is written first",
  syntax: "name",
  run: async (session, args) => utf8(await checkpointsOf(session).create(latin1(args[1]!))),
};

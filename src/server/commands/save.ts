/**
 * `SAVE`, `BGSAVE [SCHEDULE]`, `LASTSAVE`, `BGREWRITEAOF`, for a node on disk: a save is a checkpoint under
 * DATA/checkpoints, named by its time. With the memory engine they are refused.
 */
import type { Checkpoints } from "../../node/checkpoints.ts";
import { OK, simple } from "../../resp/reply.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type CommandFlag, type Session, type SessionCommand } from "../command.ts";

const ordinary = { kind: "session", group: "server", since: "1.0.0" } as const;
const FLAGS: readonly CommandFlag[] = ["admin", "noscript", "no_async_loading"];

const save: SessionCommand = {
  ...ordinary,
  name: "save",
  arity: 1,
  flags: [...FLAGS, "no_multi"],
  summary: "Makes a checkpoint of all data, and answers when it is there. Others go on meanwhile.",
  complexity: "O(N) with N files; what is in memory is written first",
  async run(session) {
    await checkpointsOf(session).save();
    return OK;
  },
};

const bgsave: SessionCommand = {
  ...ordinary,
  name: "bgsave",
  arity: -1,
  flags: FLAGS,
  summary: "Begins to make a checkpoint of all data.",
  complexity: "O(1)",
  syntax: "[SCHEDULE]",
  run(session, args) {
    if (args.length > 2 || (args.length === 2 && word(args[1]!) !== "SCHEDULE")) {
      throw new CommandError(SYNTAX_ERROR);
    }
    const checkpoints = checkpointsOf(session);
    if (checkpoints.savingForMs !== undefined)
      throw new CommandError("ERR Background save already in progress");
    void checkpoints.save().catch(() => undefined); // it has logged why, and INFO tells
    return simple("Background saving started");
  },
};

const lastsave: SessionCommand = {
  ...ordinary,
  name: "lastsave",
  arity: 1,
  flags: ["loading", "stale", "fast"],
  summary: "Answers when the last checkpoint was saved, in seconds since 1970; the node's start if none was.",
  complexity: "O(1)",
  run: (session) => Math.floor(checkpointsOf(session).lastSaveMs / 1000),
};

const bgrewriteaof: SessionCommand = {
  ...ordinary,
  name: "bgrewriteaof",
  arity: 1,
  flags: FLAGS,
  summary: "Begins to write what is in the commit log into tables, so that the log can go.",
  complexity: "O(1)",
  run(session) {
    checkpointsOf(session);
    const { server } = session;
    server.node.disk?.engine
      .flush()
      .then((pin) => pin.release())
      .catch((cause: unknown) => server.logger.warn({ cause }, "the commit log could not be shortened"));
    return simple("Background append only file rewriting started");
  },
};

export const saveCommands: readonly SessionCommand[] = [bgrewriteaof, bgsave, lastsave, save];

/** Throws CommandError where nothing is on disk. */
export function checkpointsOf({ server }: Session): Checkpoints {
  const { disk } = server.node;
  if (disk !== undefined) return disk.checkpoints;
  throw new CommandError("ERR nothing is on disk: this node runs with storage memory");
}

/** `FLUSHDB [ASYNC | SYNC]`, `FLUSHALL [ASYNC | SYNC]` -> OK: every key of one database, or of all, is gone. */
import { whenReady } from "../../base/awaitable.ts";
import { OK } from "../../resp/reply.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type SessionCommand } from "../command.ts";

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
  run({ server, database }, args) {
    checkMode(args);
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
  run({ server }, args) {
    checkMode(args);
    return whenReady(server.node.replica.clear(), () => OK);
  },
};

/** Both modes mean the same here: nobody waits for memory to be given back. */
function checkMode(args: readonly Uint8Array[]): void {
  if (args.length === 1) return;
  const mode = word(args[1]!);
  if (args.length > 2 || (mode !== "ASYNC" && mode !== "SYNC")) throw new CommandError(SYNTAX_ERROR);
}

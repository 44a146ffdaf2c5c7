/** `MULTI` -> OK, and what follows is queued until EXEC. `DISCARD` -> OK, and nothing of it has been. */
import { OK } from "../../resp/reply.ts";
import { CommandError, type FastPath, type SessionCommand } from "../command.ts";

const ordinary = {
  kind: "session",
  arity: 1,
  flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
  group: "transactions",
} as const;

export const multi: SessionCommand = {
  ...ordinary,
  name: "multi",
  since: "1.2.0",
  summary: "Begins a transaction: what follows is queued, and run by EXEC.",
  complexity: "O(1)",
  run(session) {
    if (session.transaction !== undefined) throw new CommandError("ERR MULTI calls can not be nested");
    session.beginTransaction();
    return OK;
  },
};

/** Requires, as every shortcut: the session is in no transaction. */
export const multiFast: FastPath = (session, request, writer) => {
  if (request.argCount !== 1) return false;
  session.beginTransaction();
  writer.ok();
  return true;
};

export const discard: SessionCommand = {
  ...ordinary,
  name: "discard",
  since: "2.0.0",
  summary: "Ends a transaction without running it, and forgets what was watched.",
  complexity: "O(N) with N queued commands",
  run(session) {
    if (session.transaction === undefined) throw new CommandError("ERR DISCARD without MULTI");
    session.discard();
    return OK;
  },
};

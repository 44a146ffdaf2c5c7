/** `QUIT` -> OK, and the connection closes. `RESET` -> RESET, and the connection is as it was when it began. */
import { OK, simple } from "../../resp/reply.ts";
import type { SessionCommand } from "../command.ts";

export const quit: SessionCommand = {
  name: "quit",
  kind: "session",
  arity: -1,
  flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
  group: "connection",
  since: "1.0.0",
  summary: "Closes the connection once it is answered.",
  complexity: "O(1)",
  run(session) {
    session.closeAfterReply();
    return OK;
  },
};

export const reset: SessionCommand = {
  name: "reset",
  kind: "session",
  arity: 1,
  flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
  group: "connection",
  since: "6.2.0",
  summary: "Takes back all that the connection has chosen: transaction, database, protocol, name, password.",
  complexity: "O(1)",
  run(session) {
    session.reset();
    return simple("RESET");
  },
};

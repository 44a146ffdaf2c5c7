/** `WATCH key [key ...]` -> OK, and EXEC does nothing if any of the keys changes before it. `UNWATCH` -> OK, and it does. */
import { allReady, whenReady } from "../../base/awaitable.ts";
import { OK } from "../../resp/reply.ts";
import { CommandError, type SessionCommand } from "../command.ts";

const ordinary = {
  kind: "session",
  flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
  group: "transactions",
} as const;

export const watch: SessionCommand = {
  ...ordinary,
  name: "watch",
  arity: -2,
  since: "2.2.0",
  summary: "Lets EXEC run only if these keys have not changed by then.",
  complexity: "O(N) with N keys",
  keys: { first: 1, last: -1, step: 1 },
  syntax: "key [key ...]",
  run(session, args) {
    if (session.transaction !== undefined) throw new CommandError("ERR WATCH inside MULTI is not allowed");
    const { watched, database, server } = session;
    const added = args.slice(1).map((key) => watched.add({ database, key }, server.wallMs));
    return whenReady(allReady(added), () => OK);
  },
};

export const unwatch: SessionCommand = {
  ...ordinary,
  name: "unwatch",
  arity: 1,
  since: "2.2.0",
  summary: "Forgets what was watched.",
  complexity: "O(N) with N keys watched",
  run(session) {
    session.watched.clear();
    return OK;
  },
};

/** `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]`: no reply, the server closes in good order. */
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, NO_REPLY, type SessionCommand } from "../command.ts";

const OPTIONS = new Set(["NOSAVE", "SAVE", "NOW", "FORCE", "ABORT"]);

export const shutdown: SessionCommand = {
  name: "shutdown",
  kind: "session",
  arity: -1,
  flags: ["admin", "noscript", "loading", "stale", "no_multi", "allow_busy"],
  group: "server",
  since: "1.0.0",
  summary: "Stops the server: what was received is finished, then every connection closes.",
  complexity: "O(N) in the connections",
  syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
  run({ server }, args) {
    const options = new Set(args.slice(1).map(word));
    for (const option of options) if (!OPTIONS.has(option)) throw new CommandError(SYNTAX_ERROR);
    const abortsToo = options.has("ABORT") && options.size > 1;
    if (abortsToo || (options.has("SAVE") && options.has("NOSAVE"))) throw new CommandError(SYNTAX_ERROR);
    if (options.has("ABORT")) throw new CommandError("ERR No shutdown in progress.");
    server.logger.info({}, "shutdown asked for by a client");
    // Not awaited: closing waits for this very call to end.
    server.close().catch((cause: unknown) => server.logger.error({ cause }, "could not close in good order"));
    return NO_REPLY;
  },
};

/** `AUTH [username] password` -> OK. */
import { OK } from "../../resp/reply.ts";
import { fromLatin1, SYNTAX_ERROR } from "../arguments.ts";
import { authenticate, DEFAULT_USER, REDACTED, WRONG_PASSWORD } from "../authentication.ts";
import { CommandError, type SessionCommand } from "../command.ts";

export const auth: SessionCommand = {
  name: "auth",
  kind: "session",
  arity: -2,
  flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
  group: "connection",
  since: "1.0.0",
  summary: "Lets the connection in by password.",
  complexity: "O(1)",
  syntax: "[username] password",
  redact: ([name, ...secrets]) => [name!, ...secrets.map(() => REDACTED)],
  run(session, args) {
    if (args.length > 3) throw new CommandError(SYNTAX_ERROR);
    if (args.length === 2 && session.server.settings.password === undefined) {
      throw new CommandError(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
      );
    }
    const username = args.length === 2 ? fromLatin1(DEFAULT_USER) : args[1]!;
    if (!authenticate(session, username, args[args.length - 1]!)) throw new CommandError(WRONG_PASSWORD);
    return OK;
  },
};

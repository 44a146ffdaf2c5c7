/** `PING [message]` -> PONG or the message. `ECHO message` -> the message. */
import { simple } from "../../resp/reply.ts";
import { CommandError, type SessionCommand } from "../command.ts";

const PONG = simple("PONG");

export const ping: SessionCommand = {
  name: "ping",
  kind: "session",
  arity: -1,
  flags: ["fast"],
  group: "connection",
  since: "1.0.0",
  summary: "Answers PONG, or the message given: shows that the connection is alive.",
  complexity: "O(1)",
  syntax: "[message]",
  run(_session, args) {
    if (args.length > 2) throw new CommandError("ERR wrong number of arguments for 'ping' command");
    return args[1] ?? PONG;
  },
};

export const echo: SessionCommand = {
  name: "echo",
  kind: "session",
  arity: 2,
  flags: ["loading", "stale", "fast"],
  group: "connection",
  since: "1.0.0",
  summary: "Answers the message given.",
  complexity: "O(1)",
  syntax: "message",
  run: (_session, args) => args[1]!,
};

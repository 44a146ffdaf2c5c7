/** `HELLO [protover [AUTH username password] [SETNAME clientname]]` -> who the server is; chooses RESP2 or RESP3. */
import { map, type Reply } from "../../resp/reply.ts";
import { echo, integer64, word } from "../arguments.ts";
import { authenticate, REDACTED, WRONG_PASSWORD } from "../authentication.ts";
import type { Session } from "../command.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { REDIS_VERSION } from "../redis-version.ts";
import { setClientName } from "./client-name.ts";

const NOT_AUTHENTICATED =
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time";

export const hello: SessionCommand = {
  name: "hello",
  kind: "session",
  arity: -1,
  flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
  group: "connection",
  since: "6.0.0",
  summary: "Chooses the protocol, and at once lets the connection in and names it.",
  complexity: "O(1)",
  syntax: "[protover [AUTH username password] [SETNAME clientname]]",
  redact: (args) => args.map((arg, i) => (isSecret(args, i) ? REDACTED : arg)),
  run(session, args) {
    const protocol = args.length > 1 ? protocolVersion(args[1]!) : session.protocol;
    applyOptions(session, args);
    if (!session.isAuthenticated) throw new CommandError(NOT_AUTHENTICATED);
    session.setProtocol(protocol);
    return greeting(session);
  },
};

/** Options take effect as they are read, also if a later one is refused. */
function applyOptions(session: Session, args: readonly Uint8Array[]): void {
  for (let i = 2; i < args.length; i++) {
    const option = word(args[i]!);
    if (option === "AUTH" && i + 2 < args.length) {
      if (!authenticate(session, args[i + 1]!, args[i + 2]!)) throw new CommandError(WRONG_PASSWORD);
      i += 2;
    } else if (option === "SETNAME" && i + 1 < args.length) {
      setClientName(session, args[++i]!);
    } else {
      throw new CommandError(
        `ERR Syntax error in HELLO option '${echo(args[i]!, Number.POSITIVE_INFINITY)}'`,
      );
    }
  }
}

function protocolVersion(arg: Uint8Array): 2 | 3 {
  const version = integer64(arg, "ERR Protocol version is not an integer or out of range");
  if (version !== 2n && version !== 3n) throw new CommandError("NOPROTO unsupported protocol version");
  return version === 2n ? 2 : 3;
}

function isSecret(args: readonly Uint8Array[], i: number): boolean {
  const follows = (distance: number): boolean => i - distance > 1 && word(args[i - distance]!) === "AUTH";
  return follows(1) || follows(2);
}

function greeting(session: Session): Reply {
  return map([
    ["server", "redis"],
    ["version", REDIS_VERSION],
    ["proto", session.protocol],
    ["id", session.id],
    ["mode", session.server.cluster === undefined ? "standalone" : "cluster"],
    ["role", "master"],
    ["modules", []],
  ]);
}

/**
 * `CLIENT KILL address` -> OK. `CLIENT KILL option value ...` -> the number of connections closed: those that
 * all the options fit, the caller's own only after SKIPME no.
 */
import { OK, type Reply } from "../../resp/reply.ts";
import { echo, integer64, latin1, SYNTAX_ERROR, word } from "../arguments.ts";
import { DEFAULT_USER } from "../authentication.ts";
import type { Session } from "../command.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import { clientsOfType } from "./client-list.ts";

const INVALID_ID = "ERR client-id should be greater than 0";

export const clientKill: SessionCommand = {
  name: "client|kill",
  kind: "session",
  arity: -3,
  flags: ["admin", "noscript", "loading", "stale"],
  group: "connection",
  since: "2.4.0",
  summary: "Closes connections, by address or by what is said of them.",
  complexity: "O(N) in the connections",
  syntax:
    "<ip:port | [ID client-id] [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME yes/no]>",
  run: (session, args) => (args.length === 3 ? killAddress(session, args[2]!) : killMatching(session, args)),
};

function killAddress(caller: Session, address: Uint8Array): Reply {
  const peer = latin1(address);
  const victims = [...caller.server.sessions.values()].filter(({ connection }) => connection.peer === peer);
  if (victims.length === 0) throw new CommandError("ERR No such client");
  kill(caller, victims);
  return OK;
}

function killMatching(caller: Session, args: readonly Uint8Array[]): Reply {
  let victims: readonly Session[] = [...caller.server.sessions.values()];
  let skipsCaller = true;
  for (let i = 2; i < args.length; i += 2) {
    const value = args[i + 1];
    if (value === undefined) throw new CommandError(SYNTAX_ERROR);
    if (word(args[i]!) === "SKIPME") skipsCaller = isYes(value);
    else victims = matching(victims, word(args[i]!), value);
  }
  if (skipsCaller) victims = victims.filter((victim) => victim !== caller);
  kill(caller, victims);
  return victims.length;
}

function matching(sessions: readonly Session[], option: string, value: Uint8Array): readonly Session[] {
  switch (option) {
    case "ID": {
      const id = integer64(value, INVALID_ID);
      if (id < 1n) throw new CommandError(INVALID_ID);
      return sessions.filter((session) => BigInt(session.id) === id);
    }
    case "TYPE":
      return clientsOfType(value, sessions);
    case "ADDR":
      return sessions.filter(({ connection }) => connection.peer === latin1(value));
    case "LADDR":
      return sessions.filter(({ connection }) => connection.local === latin1(value));
    case "USER":
      if (latin1(value) === DEFAULT_USER) return sessions;
      throw new CommandError(`ERR No such user '${echo(value, Number.POSITIVE_INFINITY)}'`);
    default:
      throw new CommandError(SYNTAX_ERROR);
  }
}

function isYes(value: Uint8Array): boolean {
  const answer = word(value);
  if (answer !== "YES" && answer !== "NO") throw new CommandError(SYNTAX_ERROR);
  return answer === "YES";
}

/** The caller still reads the answer. */
function kill(caller: Session, victims: readonly Session[]): void {
  for (const victim of victims) {
    if (victim === caller) caller.closeAfterReply();
    else victim.kill();
  }
}

/**
 * `CLIENT LIST [TYPE type | ID id ...]` -> a line per connection, each once; `CLIENT INFO` -> the line of one's own.
 * Fields are Redis 7.0's, then the two of 7.2 that say which library is at the other end.
 */
import { type Reply, verbatim } from "../../resp/reply.ts";
import { echo, integer64, SYNTAX_ERROR, word } from "../arguments.ts";
import { DEFAULT_USER } from "../authentication.ts";
import type { Session } from "../command.ts";
import { CommandError, type SessionCommand } from "../command.ts";

/** Names may be long, and a JavaScript string has an end. */
const TEXT_BYTES_MAX = 256 * 1024 * 1024;

export const clientList: SessionCommand = {
  name: "client|list",
  kind: "session",
  arity: -2,
  flags: ["admin", "noscript", "loading", "stale"],
  group: "connection",
  since: "2.4.0",
  summary: "Describes the connections, one a line.",
  complexity: "O(N) in the connections",
  syntax: "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
  run: (session, args) => lines(chosen(session, args), session, args),
};

export const clientInfo: SessionCommand = {
  name: "client|info",
  kind: "session",
  arity: 2,
  flags: ["noscript", "loading", "stale"],
  group: "connection",
  since: "6.2.0",
  summary: "Describes this connection.",
  complexity: "O(1)",
  run: (session, args) => lines([session], session, args),
};

/** Only clients of type `normal` exist. Throws CommandError if there is no such type. */
export function clientsOfType(type: Uint8Array, sessions: readonly Session[]): readonly Session[] {
  const name = word(type);
  if (name === "NORMAL") return sessions;
  if (name === "PUBSUB" || name === "MASTER" || name === "SLAVE" || name === "REPLICA") return [];
  throw new CommandError(`ERR Unknown client type '${echo(type, Number.POSITIVE_INFINITY)}'`);
}

function chosen({ server }: Session, args: readonly Uint8Array[]): readonly Session[] {
  const sessions = [...server.sessions.values()];
  if (args.length === 2) return sessions;
  const option = word(args[2]!);
  if (option === "TYPE" && args.length === 4) return clientsOfType(args[3]!, sessions);
  if (option !== "ID" || args.length === 3) throw new CommandError(SYNTAX_ERROR);
  const ids = new Set(args.slice(3).map((arg) => Number(integer64(arg, "ERR Invalid client ID"))));
  return [...ids].map((id) => server.sessions.get(id)).filter((session) => session !== undefined);
}

/** `caller` is executing `args`: they count as received and not yet done with. */
function lines(sessions: readonly Session[], caller: Session, args: readonly Uint8Array[]): Reply {
  const bytesMax = Math.min(caller.server.limits.replyBytesMax, TEXT_BYTES_MAX);
  let text = "";
  for (const session of sessions) {
    text += `${describe(session, session === caller ? args : [])}\n`;
    if (text.length > bytesMax) {
      throw new CommandError(`OVERLOADED NOTAPPLIED the reply is longer than ${bytesMax} bytes`);
    }
  }
  return verbatim("txt", text);
}

function describe(session: Session, args: readonly Uint8Array[]): string {
  const { server, connection, decoder, transaction } = session;
  const seconds = (sinceMs: number): number => Math.max(0, Math.floor((server.wallMs - sinceMs) / 1000));
  const { unsentBytes } = connection;
  const heldUnused = Math.max(0, decoder.heldBytes - decoder.pendingBytes);
  // Text at once, not fields: ten thousand clients are described in one go. `fd` is kept by the network door, and
  // one buffer gathers the replies of all clients.
  return (
    `id=${session.id} addr=${connection.peer} laddr=${connection.local} fd=-1 name=${session.name} ` +
    `age=${seconds(session.createdMs)} idle=${seconds(session.lastInteractionMs)} flags=${flagsOf(session)} ` +
    `db=${session.database} sub=0 psub=0 ssub=0 multi=${transaction?.callCount ?? -1} ` +
    `qbuf=${decoder.pendingBytes + requestBytes(args)} qbuf-free=${heldUnused} ` +
    `argv-mem=${args.reduce((sum, arg) => sum + arg.length, 0)} multi-mem=${transaction?.queuedBytes ?? 0} ` +
    `rbs=0 rbp=0 obl=0 oll=0 omem=${unsentBytes} tot-mem=${session.bufferBytes} ` +
    `events=${unsentBytes > 0 ? "rw" : "r"} cmd=${session.lastCommandName} user=${DEFAULT_USER} redir=-1 ` +
    `resp=${session.protocol} lib-name=${session.libraryName} lib-ver=${session.libraryVersion}`
  );
}

function flagsOf(session: Session): string {
  const flags = [
    session.transaction !== undefined && "x",
    session.isBlocked && "b",
    session.isClosing && "c",
    session.isSpared && "e",
    session.leavesNoTrace && "T",
  ];
  return flags.filter((flag) => flag !== false).join("") || "N";
}

/** What a request of these arguments takes on the wire; 0 for none. */
function requestBytes(args: readonly Uint8Array[]): number {
  if (args.length === 0) return 0;
  const framed = args.map(({ length }) => `$${length}\r\n\r\n`.length + length);
  return framed.reduce((sum, bytes) => sum + bytes, `*${args.length}\r\n`.length);
}

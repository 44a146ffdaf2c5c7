/** `CLIENT ...`: what a connection is and does. Listing and killing have files of their own. */
import { OK, type Reply } from "../../resp/reply.ts";
import { echo, integer64, SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, NO_REPLY, type SessionCommand } from "../command.ts";
import { container, misusedSubcommand } from "../container.ts";
import { clientKill } from "./client-kill.ts";
import { clientInfo, clientList } from "./client-list.ts";
import { plainName, setClientName } from "./client-name.ts";

const ordinary = {
  kind: "session",
  flags: ["noscript", "loading", "stale"],
  group: "connection",
  complexity: "O(1)",
} as const;

const admin = { ...ordinary, flags: ["admin", "noscript", "loading", "stale"] } as const;

const clientId: SessionCommand = {
  ...ordinary,
  name: "client|id",
  arity: 2,
  since: "5.0.0",
  summary: "Answers the number of this connection; later ones have higher numbers.",
  run: (session) => session.id,
};

const clientGetname: SessionCommand = {
  ...ordinary,
  name: "client|getname",
  arity: 2,
  since: "2.6.9",
  summary: "Answers the name of this connection, if it has one.",
  run: (session) => (session.name === "" ? null : session.name),
};

const clientSetname: SessionCommand = {
  ...ordinary,
  name: "client|setname",
  arity: 3,
  since: "2.6.9",
  summary: "Names this connection; an empty name takes it away.",
  syntax: "connection-name",
  run(session, args) {
    setClientName(session, args[2]!);
    return OK;
  },
};

const clientSetinfo: SessionCommand = {
  ...ordinary,
  name: "client|setinfo",
  arity: 4,
  since: "7.2.0",
  summary: "Says which library is at the client's end.",
  syntax: "<LIB-NAME libname | LIB-VER libver>",
  run(session, args) {
    const attribute = echo(args[2]!, Number.POSITIVE_INFINITY);
    const name = word(args[2]!);
    if (name === "LIB-NAME") session.libraryName = plainName(args[3]!, attribute);
    else if (name === "LIB-VER") session.libraryVersion = plainName(args[3]!, attribute);
    else throw new CommandError(`ERR Unrecognized option '${attribute}'`);
    return OK;
  },
};

const clientReply: SessionCommand = {
  ...ordinary,
  name: "client|reply",
  arity: 3,
  since: "3.2.0",
  summary: "Leaves out replies to this connection: all from now on, or the next.",
  syntax: "<ON | OFF | SKIP>",
  run(session, args) {
    const mode = word(args[2]!);
    if (mode !== "ON" && mode !== "OFF" && mode !== "SKIP") throw new CommandError(SYNTAX_ERROR);
    if (mode === "ON") session.replyMode = "on";
    else if (mode === "OFF") session.replyMode = "off";
    else if (session.replyMode !== "off") session.replyMode = "skip";
    session.refreshPlain();
    return mode === "ON" ? OK : NO_REPLY;
  },
};

const clientPause: SessionCommand = {
  ...admin,
  name: "client|pause",
  arity: -3,
  since: "3.0.0",
  summary: "Holds back all requests, or only writes, for so many milliseconds.",
  syntax: "timeout [WRITE | ALL]",
  run(session, args) {
    if (args.length > 4) throw misusedSubcommand(args);
    const mode = args.length === 4 ? word(args[3]!) : "ALL";
    if (mode !== "ALL" && mode !== "WRITE") {
      throw new CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL");
    }
    const timeoutMs = timeout(args[2]!);
    if (timeoutMs > 0) session.server.pause.begin(timeoutMs, mode === "ALL" ? "all" : "write");
    return OK;
  },
};

const clientUnpause: SessionCommand = {
  ...admin,
  name: "client|unpause",
  arity: 2,
  since: "6.2.0",
  summary: "Ends what CLIENT PAUSE began.",
  complexity: "O(N) in the requests held back",
  run(session) {
    session.server.pause.end();
    return OK;
  },
};

const clientNoEvict: SessionCommand = {
  ...admin,
  name: "client|no-evict",
  arity: 3,
  since: "7.0.0",
  summary: "Spares this connection when connections hold too much memory.",
  syntax: "<ON | OFF>",
  run: (session, args) =>
    turn(args[2]!, (isOn) => {
      session.isSpared = isOn;
    }),
};

const clientNoTouch: SessionCommand = {
  ...ordinary,
  name: "client|no-touch",
  arity: 3,
  since: "7.2.0",
  summary: "Keeps this connection's reads from counting as use of the keys.",
  syntax: "<ON | OFF>",
  run: (session, args) =>
    turn(args[2]!, (isOn) => {
      session.leavesNoTrace = isOn;
      session.refreshPlain();
    }),
};

/** A number of milliseconds. Throws CommandError. */
export function timeout(arg: Uint8Array): number {
  const timeoutMs = integer64(arg, "ERR timeout is not an integer or out of range");
  if (timeoutMs < 0n) throw new CommandError("ERR timeout is negative");
  return Number(timeoutMs);
}

function turn(arg: Uint8Array, set: (isOn: boolean) => void): Reply {
  const state = word(arg);
  if (state !== "ON" && state !== "OFF") throw new CommandError(SYNTAX_ERROR);
  set(state === "ON");
  return OK;
}

export const client = container({
  name: "client",
  group: "connection",
  since: "2.4.0",
  helpSince: "5.0.0",
  summary: "Shows and changes connections.",
  subcommands: [
    clientGetname,
    clientId,
    clientInfo,
    clientKill,
    clientList,
    clientNoEvict,
    clientNoTouch,
    clientPause,
    clientReply,
    clientSetinfo,
    clientSetname,
    clientUnpause,
  ],
});

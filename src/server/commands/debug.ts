/** `DEBUG ...`: those of Redis's test aids that harm nobody. They may change or go in any version. */
import { matchesGlob } from "../../base/glob.ts";
import { failure, OK, type Reply, simple } from "../../resp/reply.ts";
import { echo, integer64, latin1, word } from "../arguments.ts";
import type { Session } from "../command.ts";
import { CommandError, type NO_REPLY, type SessionCommand } from "../command.ts";
import { misusedSubcommand } from "../container.ts";
import { sampleReply } from "./debug-protocol.ts";
import { setnx } from "./setnx.ts";

type Answer = Reply | typeof NO_REPLY;
type Arguments = readonly Uint8Array[];

interface Aid {
  /** With DEBUG and the aid's own name. */
  readonly argCountMin: number;
  readonly argCountMax: number;
  readonly help: string;
  run(session: Session, args: Arguments): Answer | Promise<Answer>;
}

/** Keys made between two pauses in which others are served. */
const POPULATE_SLICE = 1_000;
const DEFAULT_PREFIX = Buffer.from("key", "latin1");
/** A forwarded request is known by its name. */
const SETNX = Buffer.from("SETNX", "latin1");

const AIDS: Readonly<Record<string, Aid>> = {
  "CHANGE-REPL-ID": aid(2, 2, "CHANGE-REPL-ID: does nothing, there is no such id.", () => OK),
  ERROR: aid(3, 3, "ERROR <text>: answers with this error.", (_session, args) =>
    failure(echo(args[2]!, Number.POSITIVE_INFINITY)),
  ),
  HELP: aid(2, 2, "HELP: lists these.", () => help()),
  LOG: aid(3, 3, "LOG <text>: writes a line to the server's log.", ({ server }, args) => {
    server.logger.warn({ text: latin1(args[2]!) }, "DEBUG LOG");
    return OK;
  }),
  OBJECT: aid(3, 3, "OBJECT <key>: describes a value.", describeObject),
  POPULATE: aid(3, 5, "POPULATE <count> [<prefix>] [<size>]: makes keys <prefix>:0 and so on.", populate),
  PROTOCOL: aid(3, 3, "PROTOCOL <type>: answers with a reply of this type.", (session, args) =>
    sampleReply(session, word(args[2]!)),
  ),
  "QUICKLIST-PACKED-THRESHOLD": aid(3, 3, "QUICKLIST-PACKED-THRESHOLD <size>: does nothing.", () => OK),
  RELOAD: aid(2, 5, "RELOAD [option ...]: does nothing, memory is all there is.", () => OK),
  "SET-ACTIVE-EXPIRE": aid(
    3,
    3,
    "SET-ACTIVE-EXPIRE <0|1>: whether expired keys go before they are met.",
    ({ server }, args) => {
      server.node.dropsExpired = Number.parseInt(latin1(args[2]!), 10) > 0;
      return OK;
    },
  ),
  SLEEP: aid(3, 3, "SLEEP <seconds>: this connection, and no other, waits.", sleep),
  "STRINGMATCH-LEN": aid(
    4,
    4,
    "STRINGMATCH-LEN <pattern> <text>: whether the glob pattern matches.",
    (_session, args) => (matchesGlob(args[2]!, args[3]!) ? 1 : 0),
  ),
};

export const debug: SessionCommand = {
  name: "debug",
  kind: "session",
  arity: -2,
  flags: ["admin", "noscript", "loading", "stale"],
  group: "server",
  since: "1.0.0",
  summary: "Aids for testing.",
  complexity: "Depends on the subcommand.",
  syntax: "subcommand [arg [arg ...]]",
  run(session, args) {
    const name = word(args[1]!);
    const found = Object.hasOwn(AIDS, name) ? AIDS[name]! : undefined;
    if (found === undefined || args.length < found.argCountMin || args.length > found.argCountMax) {
      throw misusedSubcommand(args);
    }
    return found.run(session, args);
  },
};

function aid(argCountMin: number, argCountMax: number, text: string, run: Aid["run"]): Aid {
  return { argCountMin, argCountMax, help: text, run };
}

function help(): Reply {
  const lines = Object.values(AIDS).map((found) => simple(found.help));
  return [simple("DEBUG <subcommand> [argument ...]. The subcommands:"), ...lines];
}

async function sleep(session: Session, args: Arguments): Promise<Answer> {
  const seconds = Number.parseFloat(latin1(args[2]!));
  session.isBlocked = true;
  await session.server.runtime.clock.sleep(seconds > 0 ? seconds * 1000 : 0);
  session.isBlocked = false;
  return OK;
}

function describeObject({ server, database }: Session, args: Arguments): Answer | Promise<Answer> {
  const ref = { database, key: args[2]! };
  const idleSeconds = server.node.usage(ref)?.idleSeconds ?? 0;
  return server.node.replica.read(ref, { wallMs: server.wallMs, touch: false }, ({ value }) => {
    if (value === undefined) throw new CommandError("ERR no such key");
    return simple(
      `Value at:0x0 refcount:1 encoding:raw serializedlength:${value.length} lru:0 lru_seconds_idle:${idleSeconds}`,
    );
  });
}

async function populate(session: Session, args: Arguments): Promise<Answer> {
  const count = positive(args[2]!);
  const prefix = args[3] ?? DEFAULT_PREFIX;
  const sizeBytes = args[4] === undefined ? 0 : positive(args[4]);
  for (let first = 0; first < count; first += POPULATE_SLICE) {
    for (let i = first; i < Math.min(count, first + POPULATE_SLICE); i++) {
      const key = Buffer.concat([prefix, Buffer.from(`:${i}`, "latin1")]);
      await createIfAbsent(session, key, populatedValue(i, sizeBytes));
    }
    await new Promise<void>((resolve) => session.server.runtime.clock.defer(resolve));
  }
  return OK;
}

/** As SETNX does: in a cluster, wherever the key belongs. */
function createIfAbsent(session: Session, key: Uint8Array, value: Uint8Array) {
  const call = { command: setnx, args: [SETNX, key, value] };
  const options = { asked: session.consistency, wantsReceipt: false };
  return session.server.dispatcher.runKeyed(session, call, options);
}

/** "value:N", cut or filled up with zero bytes to the size asked for. */
function populatedValue(i: number, sizeBytes: number): Uint8Array {
  const text = Buffer.from(`value:${i}`, "latin1");
  if (sizeBytes === 0) return text;
  const value = new Uint8Array(sizeBytes);
  value.set(text.subarray(0, sizeBytes));
  return value;
}

function positive(arg: Uint8Array): number {
  const value = integer64(arg);
  if (value < 0n) throw new CommandError("ERR value is out of range, must be positive");
  return Number(value);
}

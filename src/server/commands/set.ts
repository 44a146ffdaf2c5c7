/** `SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]` -> OK, the old value, or null. */
import { NEVER } from "../../causality/cell.ts";
import { OK } from "../../resp/reply.ts";
import type { Request } from "../../resp/request.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type Effect, type FastPath, type UpdateCommand } from "../command.ts";
import { expiryOption, type GivenExpiry, plainExpiry, readExpiry } from "../expiry-arguments.ts";
import type { Server } from "../server.ts";

export const set: UpdateCommand = {
  name: "set",
  kind: "update",
  arity: -3,
  flags: ["write", "denyoom"],
  group: "string",
  since: "1.0.0",
  summary: "Gives a key a value, whatever it held; conditions and expiry as options.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax:
    "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
  isBlind(args) {
    const { condition, get, keepsTtl } = parseOptions(args);
    return condition === undefined && !get && !keepsTtl;
  },
  keepsExpiry: (args) => parseOptions(args).keepsTtl,
  run({ value: before, expiresAtMs }, args, { wallMs }): Effect {
    const { condition, get, keepsTtl, expiry } = parseOptions(args);
    const newExpiresAtMs = expiry && expiryOption(expiry.amount, expiry.unit, wallMs, "set");
    const applies = condition === undefined || (condition === "XX") === (before !== undefined);
    const old = before ?? null;
    if (!applies) return { reply: get ? old : null };
    const kept = keepsTtl && before !== undefined ? expiresAtMs : NEVER;
    return {
      reply: get ? old : OK,
      change: { kind: "put", value: args[2]!, expiresAtMs: newExpiresAtMs ?? kept },
    };
  },
};

interface SetOptions {
  condition?: "NX" | "XX";
  get: boolean;
  keepsTtl: boolean;
  expiry?: GivenExpiry;
}

/** An option may be repeated, as in Redis; one that excludes another may not follow it. */
function parseOptions(args: readonly Uint8Array[]): SetOptions {
  const options: SetOptions = { get: false, keepsTtl: false };
  for (let i = 3; i < args.length; i++) {
    const option = word(args[i]!);
    const { condition, keepsTtl } = options;
    const expiry = keepsTtl ? undefined : readExpiry(args, i, option, options.expiry);
    if (expiry !== undefined) {
      options.expiry = expiry;
      i++;
    } else if ((option === "NX" || option === "XX") && (condition ?? option) === option) {
      options.condition = option;
    } else if (option === "GET") {
      options.get = true;
    } else if (option === "KEEPTTL" && options.expiry === undefined) {
      options.keepsTtl = true;
    } else {
      throw new CommandError(SYNTAX_ERROR);
    }
  }
  return options;
}

const [LETTER_N, LETTER_X] = [0x6e, 0x78];
const CASE_BIT = 0x20;

/** Hot: `SET key value`, with `EX seconds` or `PX milliseconds` or neither, and NX or XX before that or after it or neither. */
export const setFast: FastPath = (session, request, writer) => {
  const { server, database } = session;
  const { argCount } = request;
  if (argCount === 4 || argCount === 6) return setIfFast(session, request, writer);
  if (argCount !== 3 && argCount !== 5) return false;
  const expiresAtMs =
    argCount === 3 ? defaultExpiry(server, request) : plainExpiry(request, 3, server.wallMs);
  if (expiresAtMs === undefined) return false;
  const written = server.node.replica.overwrite(database, request, 2, expiresAtMs, server.wallMs);
  if (written instanceof Promise) return written.then(() => OK);
  if (written) writer.ok();
  return written;
};

/** Hot: when the request's key expires, of which nobody says when. */
function defaultExpiry({ keyspaces, wallMs }: Server, { bytes, starts, ends }: Request): number {
  return keyspaces.hasExpiry ? keyspaces.expiryOf(bytes, wallMs, NEVER, starts[1], ends[1]) : NEVER;
}

/** Hot: in a cluster, the same without NX and XX. The keyspace's expiry is added where its levels are looked up. */
export const setInCluster: FastPath = ({ server, database, consistency }, request) => {
  const { clusterDoor, node, wallMs } = server;
  const { argCount } = request;
  if (argCount !== 3 && argCount !== 5) return false;
  const expiresAtMs = argCount === 3 ? NEVER : plainExpiry(request, 3, wallMs);
  if (expiresAtMs === undefined || !node.makeRoom()) return false;
  const overwrite = { database, request, valueAt: 2, expiresAtMs, wallMs };
  return clusterDoor!.keys.overwrite(overwrite, consistency) ?? false;
};

const setIfFast: FastPath = ({ server, database }, request, writer) => {
  const { argCount } = request;
  const first = existence(request, 3);
  const isThere = first ?? existence(request, argCount - 1);
  if (isThere === undefined) return false;
  const { wallMs } = server;
  const expiresAtMs =
    argCount === 4
      ? defaultExpiry(server, request)
      : plainExpiry(request, first === undefined ? 3 : 4, wallMs);
  const { inPlace } = server.node.replica;
  if (expiresAtMs === undefined || !inPlace.isPossible(database, request, argCount - 1)) return false;
  const isDone = inPlace.putIf(isThere, database, request, expiresAtMs, wallMs);
  if (isDone === undefined) return false;
  if (isDone) writer.ok();
  else writer.nullBulk();
  return true;
};

/** True for XX, false for NX, undefined for everything else. */
function existence({ bytes, starts, ends }: Request, i: number): boolean | undefined {
  const at = starts[i]!;
  if (ends[i]! - at !== 2 || (bytes[at + 1]! | CASE_BIT) !== LETTER_X) return undefined;
  const letter = bytes[at]! | CASE_BIT;
  return letter === LETTER_X ? true : letter === LETTER_N ? false : undefined;
}

/** `SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]` -> OK, the old value, or null. */
import { NEVER } from "../../causality/cell.ts";
import { OK } from "../../resp/reply.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type Effect, type FastPath, type UpdateCommand } from "../command.ts";
import { expiryOption, isExpiryUnit } from "../expiry-arguments.ts";

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
  run({ value: before, expiresAtMs }, args, { wallMs }): Effect {
    const options = parseOptions(args, wallMs);
    const applies =
      options.condition === undefined || (options.condition === "XX") === (before !== undefined);
    const old = before ?? null;
    if (!applies) return { reply: options.get ? old : null };
    const kept = options.keepsTtl && before !== undefined ? expiresAtMs : NEVER;
    return {
      reply: options.get ? old : OK,
      change: { kind: "put", value: args[2]!, expiresAtMs: options.expiresAtMs ?? kept },
    };
  },
};

interface SetOptions {
  condition?: "NX" | "XX";
  get: boolean;
  keepsTtl: boolean;
  expiresAtMs?: number;
}

function parseOptions(args: readonly Uint8Array[], wallMs: number): SetOptions {
  const options: SetOptions = { get: false, keepsTtl: false };
  for (let i = 3; i < args.length; i++) {
    const option = word(args[i]!);
    const hasExpiry = options.keepsTtl || options.expiresAtMs !== undefined;
    if ((option === "NX" || option === "XX") && (options.condition ?? option) === option) {
      options.condition = option;
    } else if (option === "GET") {
      options.get = true;
    } else if (option === "KEEPTTL" && options.expiresAtMs === undefined) {
      options.keepsTtl = true;
    } else if (isExpiryUnit(option) && !hasExpiry && i + 1 < args.length) {
      options.expiresAtMs = expiryOption(args[++i]!, option, wallMs, "set");
    } else {
      throw new CommandError(SYNTAX_ERROR);
    }
  }
  return options;
}

/** Hot: the plain form, `SET key value`. */
export const setFast: FastPath = ({ server, database }, request, writer) => {
  if (request.argCount !== 3) return false;
  if (!server.node.replica.overwrite(database, request, NEVER, server.wallMs)) return false;
  writer.simple("OK");
  return true;
};

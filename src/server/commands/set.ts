/** `SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]` -> OK, the old value, or null. */
import { NEVER } from "../../causality/cell.ts";
import { OK } from "../../resp/reply.ts";
import type { Request } from "../../resp/request.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type Effect, type FastPath, type UpdateCommand } from "../command.ts";
import { expiryOption, type GivenExpiry, plainAmount, readExpiry } from "../expiry-arguments.ts";

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

/** Hot: `SET key value`, `SET key value EX seconds`, `SET key value PX milliseconds`. */
export const setFast: FastPath = ({ server, database }, request, writer) => {
  const { argCount } = request;
  if (argCount !== 3 && argCount !== 5) return false;
  const expiresAtMs = argCount === 3 ? NEVER : plainExpiry(request, server.wallMs);
  if (expiresAtMs === undefined) return false;
  const written = server.node.replica.overwrite(database, request, 2, expiresAtMs, server.wallMs);
  if (written instanceof Promise) return written.then(() => OK);
  if (written) writer.ok();
  return written;
};

const [LETTER_E, LETTER_P, LETTER_X] = [0x65, 0x70, 0x78];
const CASE_BIT = 0x20;

/** The time that the fourth and fifth argument say; undefined if the general way must judge them. */
function plainExpiry(request: Request, wallMs: number): number | undefined {
  const { bytes, starts, ends } = request;
  const unitAt = starts[3]!;
  const unit = bytes[unitAt]! | CASE_BIT;
  if (ends[3]! - unitAt !== 2 || (bytes[unitAt + 1]! | CASE_BIT) !== LETTER_X) return undefined;
  if (unit !== LETTER_E && unit !== LETTER_P) return undefined;
  return plainAmount(request, 4, unit === LETTER_E ? 1000 : 1, wallMs);
}

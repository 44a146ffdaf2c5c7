/** `GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]` -> the value, or null. A time gone by deletes the key. */
import type { ByteRange } from "../../base/bytes.ts";
import { NEVER } from "../../causality/cell.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type Effect, type FastPath, type UpdateCommand } from "../command.ts";
import { expiryOption, type GivenExpiry, plainExpiry, readExpiry } from "../expiry-arguments.ts";
import { wholeOrNothing } from "../whole-or-nothing.ts";

export const getex: UpdateCommand = {
  name: "getex",
  kind: "update",
  arity: -2,
  flags: ["write", "fast"],
  group: "string",
  since: "6.2.0",
  summary: "Answers the value of a key and changes or removes its expiry.",
  complexity: "O(1)",
  keys: { first: 1, last: 1, step: 1 },
  syntax:
    "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
  run({ value, expiresAtMs }, args, { wallMs }): Effect {
    const { persists, expiry } = parseOptions(args);
    if (value === undefined) return { reply: null };
    if (expiry !== undefined) {
      const untilMs = expiryOption(expiry.amount, expiry.unit, wallMs, "getex");
      if (untilMs <= wallMs) return { reply: value, change: { kind: "delete" } };
      return { reply: value, change: { kind: "expire", expiresAtMs: untilMs } };
    }
    if (!persists || expiresAtMs === NEVER) return { reply: value };
    return { reply: value, change: { kind: "expire", expiresAtMs: NEVER } };
  },
};

interface GetexOptions {
  persists: boolean;
  expiry?: GivenExpiry;
}

function parseOptions(args: readonly Uint8Array[]): GetexOptions {
  const options: GetexOptions = { persists: false };
  for (let i = 2; i < args.length; i++) {
    const option = word(args[i]!);
    const expiry = options.persists ? undefined : readExpiry(args, i, option, options.expiry);
    if (expiry !== undefined) {
      options.expiry = expiry;
      i++;
    } else if (option === "PERSIST" && options.expiry === undefined) {
      options.persists = true;
    } else {
      throw new CommandError(SYNTAX_ERROR);
    }
  }
  return options;
}

/** Hot: `GETEX key EX seconds`, `GETEX key PX milliseconds`. */
export const getexFast: FastPath = ({ server, database }, request, writer) => {
  if (request.argCount !== 4) return false;
  const { wallMs } = server;
  const untilMs = plainExpiry(request, 2, wallMs);
  const { inPlace } = server.node.replica;
  if (untilMs === undefined || !inPlace.isPossible(database, request, 3)) return false;
  return wholeOrNothing(writer, () => {
    const show = ({ bytes, start, end }: ByteRange): void => writer.bulkRange(bytes, start, end);
    const isDone = inPlace.expire(database, request, untilMs, wallMs, show);
    if (isDone === false) writer.nullBulk();
    return isDone !== undefined;
  });
};

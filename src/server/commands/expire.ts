/**
 * `EXPIRE key seconds`, `PEXPIRE key milliseconds`, `EXPIREAT key unix-seconds`, `PEXPIREAT key unix-milliseconds`,
 * each with `[NX | XX] [GT | LT]` -> 1, or 0 if the key is not there or the condition does not hold. A time gone
 * by deletes the key.
 */
import { NEVER } from "../../causality/cell.ts";
import { echo, integer64, word } from "../arguments.ts";
import { CommandError, type Effect, type FastPath, type UpdateCommand } from "../command.ts";
import { type ExpiryUnit, expiresAt, plainAmount } from "../expiry-arguments.ts";

export const expire = expiryCommand("expire", {
  unit: "EX",
  since: "1.0.0",
  summary: "Lets a key live so many seconds more.",
  amount: "seconds",
});

export const pexpire = expiryCommand("pexpire", {
  unit: "PX",
  since: "2.6.0",
  summary: "Lets a key live so many milliseconds more.",
  amount: "milliseconds",
});

export const expireat = expiryCommand("expireat", {
  unit: "EXAT",
  since: "1.2.0",
  summary: "Lets a key live until a time, in seconds since 1970.",
  amount: "unix-time-seconds",
});

export const pexpireat = expiryCommand("pexpireat", {
  unit: "PXAT",
  since: "2.6.0",
  summary: "Lets a key live until a time, in milliseconds since 1970.",
  amount: "unix-time-milliseconds",
});

interface Variant {
  readonly unit: ExpiryUnit;
  readonly since: string;
  readonly summary: string;
  readonly amount: string;
}

function expiryCommand(name: string, { unit, since, summary, amount }: Variant): UpdateCommand {
  return {
    name,
    kind: "update",
    arity: -3,
    flags: ["write", "fast"],
    group: "generic",
    since,
    summary,
    complexity: "O(1)",
    keys: { first: 1, last: 1, step: 1 },
    syntax: `key ${amount} [NX | XX | GT | LT]`,
    run({ value, expiresAtMs }, args, { wallMs }): Effect {
      const conditions = parseConditions(args.slice(3));
      const untilMs = expiresAt(
        integer64(args[2]!),
        unit,
        wallMs,
        `ERR invalid expire time in '${name}' command`,
      );
      if (value === undefined || !holds(conditions, expiresAtMs, untilMs)) return { reply: 0 };
      if (untilMs <= wallMs) return { reply: 1, change: { kind: "delete" } };
      return { reply: 1, change: { kind: "expire", expiresAtMs: untilMs } };
    },
  };
}

/** Hot, without conditions and where the time lies ahead. */
export const expireFast: FastPath = expiryFast(1000);
export const pexpireFast: FastPath = expiryFast(1);

function expiryFast(unitMs: number): FastPath {
  return ({ server, database }, request, writer) => {
    if (request.argCount !== 3) return false;
    const { wallMs } = server;
    const untilMs = plainAmount(request, 2, unitMs, wallMs);
    const { inPlace } = server.node.replica;
    if (untilMs === undefined || !inPlace.isPossible(database, request, 2)) return false;
    const isDone = inPlace.expire(database, request, untilMs, wallMs);
    if (isDone === undefined) return false;
    writer.integer(isDone ? 1 : 0);
    return true;
  };
}

type Condition = "NX" | "XX" | "GT" | "LT";

function parseConditions(args: readonly Uint8Array[]): ReadonlySet<Condition> {
  const conditions = new Set<Condition>();
  for (const arg of args) {
    const option = word(arg);
    if (option !== "NX" && option !== "XX" && option !== "GT" && option !== "LT") {
      throw new CommandError(`ERR Unsupported option ${echo(arg, Number.POSITIVE_INFINITY)}`);
    }
    conditions.add(option);
  }
  if (conditions.has("NX") && conditions.size > 1) {
    throw new CommandError("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (conditions.has("GT") && conditions.has("LT")) {
    throw new CommandError("ERR GT and LT options at the same time are not compatible");
  }
  return conditions;
}

/** A key that never expires outlives every time. */
function holds(conditions: ReadonlySet<Condition>, presentMs: number, untilMs: number): boolean {
  const expires = presentMs !== NEVER;
  if (conditions.has("NX") && expires) return false;
  if (conditions.has("XX") && !expires) return false;
  if (conditions.has("GT") && !(expires && untilMs > presentMs)) return false;
  return !(conditions.has("LT") && expires && untilMs >= presentMs);
}

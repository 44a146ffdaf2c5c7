/**
 * `INCR key`, `DECR key`, `INCRBY key n`, `DECRBY key n` -> the new total.
 *
 * What is stored is the increment, not the total: increments made on both sides of a partition all count.
 */
import { utf8 } from "../../base/bytes.ts";
import { integerOf } from "../../causality/counter-cell.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";
import type { Request } from "../../resp/request.ts";
import { fitsInt64, integer64 } from "../arguments.ts";
import {
  type Change,
  CommandError,
  type Effect,
  type FastPath,
  type KeyView,
  type Session,
  type UpdateCommand,
} from "../command.ts";

const INT64_MIN = -(2n ** 63n);
/** A safe integer has no more, with its sign. */
const SAFE_BITS = 53;

export const incr: UpdateCommand = {
  ...counting("incr"),
  arity: 2,
  summary: "Adds 1 to an integer.",
  syntax: "key",
  run: (view) => add(view, 1n),
};

export const decr: UpdateCommand = {
  ...counting("decr"),
  arity: 2,
  summary: "Takes 1 from an integer.",
  syntax: "key",
  run: (view) => add(view, -1n),
};

export const incrby: UpdateCommand = {
  ...counting("incrby"),
  arity: 3,
  summary: "Adds a whole number to an integer.",
  syntax: "key increment",
  run: (view, args) => add(view, integer64(args[2]!)),
};

export const decrby: UpdateCommand = {
  ...counting("decrby"),
  arity: 3,
  summary: "Takes a whole number from an integer.",
  syntax: "key decrement",
  run(view, args) {
    const by = integer64(args[2]!);
    if (by === INT64_MIN) throw new CommandError("ERR decrement would overflow");
    return add(view, -by);
  },
};

/** Hot: rate limiters and statistics do little else. */
export const incrFast: FastPath = (session, request, writer) =>
  request.argCount === 2 && count(session, request, writer, 1);
export const decrFast: FastPath = (session, request, writer) =>
  request.argCount === 2 && count(session, request, writer, -1);
export const incrbyFast: FastPath = (session, request, writer) =>
  request.argCount === 3 && count(session, request, writer, integerAt(request, 2));
export const decrbyFast: FastPath = (session, request, writer) =>
  request.argCount === 3 && count(session, request, writer, -integerAt(request, 2));

/** The number that argument i says, or NaN if the general way must judge it. */
function integerAt({ bytes, starts, ends }: Request, i: number): number {
  return integerOf(bytes, starts[i]!, ends[i]!);
}

function count(
  { server, database }: Session,
  request: Request,
  writer: ReplyWriter,
  by: number,
): boolean | Promise<number> {
  const { replica } = server.node;
  const total = replica.count(database, request, 1, by, server.wallMs);
  if (total instanceof Promise) return total;
  if (Number.isNaN(total)) return false;
  writer.integer(total);
  return true;
}

function counting(name: string) {
  return {
    name,
    kind: "update",
    flags: ["write", "denyoom", "fast"],
    group: "string",
    since: "1.0.0",
    complexity: "O(1)",
    keys: { first: 1, last: 1, step: 1 },
    keepsExpiry: () => true,
  } as const satisfies Partial<UpdateCommand>;
}

function add(view: KeyView, by: bigint): Effect {
  const total = (view.value === undefined ? 0n : integer64(view.value)) + by;
  if (!fitsInt64(total)) throw new CommandError("ERR increment or decrement would overflow");
  return { reply: total, change: canAdd(view, by) ? { kind: "increment", by } : replace(view, total) };
}

/** False if a running sum of increments would leave 64 bits although the value, summed up, does not. */
function canAdd(view: KeyView, by: bigint): boolean {
  if (view.hasSmallSums && BigInt.asIntN(SAFE_BITS, by) === by) return true;
  const { cell } = view;
  if (cell === undefined) return true;
  return cell.siblings.every((sibling) => sibling.kind !== "increment" || fitsInt64(sibling.total + by));
}

function replace({ expiresAtMs }: KeyView, total: bigint): Change {
  return { kind: "put", value: utf8(total.toString()), expiresAtMs };
}

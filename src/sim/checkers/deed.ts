/**
 * What one operation did to its key and what it showed of it, apart from how the command is spelled.
 *
 * A deed that is not applied, or answered that it changed nothing, only shows. One of unknown outcome may have changed
 * the key at any time after it began.
 */
import { innerCommand, levelsOf } from "../history/asked-levels.ts";
import type { Operation, Reply } from "../history/history.ts";

export type Change =
  | {
      readonly kind: "put";
      readonly value: string;
      readonly ttlMs: number | undefined;
      readonly context?: string;
    }
  | { readonly kind: "delete"; readonly context?: string }
  | { readonly kind: "append"; readonly suffix: string }
  | { readonly kind: "add"; readonly by: bigint }
  /** A new expiry; undefined: none any more. */
  | { readonly kind: "renew"; readonly ttlMs: number | undefined };

export interface Deed {
  readonly operation: Operation;
  /** The command's name in capitals. */
  readonly name: string;
  /** What it changed, or may have. */
  readonly change: Change | undefined;
  /** True if it is known to have happened. */
  readonly isAcked: boolean;
  /** True if it asked for other levels than those of the run. */
  readonly isLevelled: boolean;
  readonly invokedAtMs: number;
  /** Infinity if it may still happen. */
  readonly endedAtMs: number;
  /** All values that it showed of the key, in order; undefined if it showed nothing. */
  readonly shown: readonly string[] | undefined;
  /** A token that stands for having seen `shown`, or the own value of a KV.PUT. */
  readonly token: string | undefined;
}

/** Undefined for what surely had no effect, and shows nothing. */
export function deedOf(operation: Operation): Deed | undefined {
  const { outcome } = operation;
  if (outcome?.kind === "not-applied") return undefined;
  const [word = "", ...args] = innerCommand(operation);
  const name = word.toUpperCase();
  const isAcked = outcome?.kind === "reply";
  const reply = isAcked ? replyFor(operation, name, args, outcome.reply) : undefined;
  const asked = levelsOf(operation);
  return {
    operation,
    name,
    change: isAcked && didNothing(name, args, reply!) ? undefined : changeOf(operation, name, args),
    isAcked,
    isLevelled: asked.read !== undefined || asked.write !== undefined,
    invokedAtMs: operation.invokedAtMs,
    endedAtMs: isAcked ? operation.endedAtMs! : Infinity,
    shown: isAcked ? shownBy(name, args, reply!) : undefined,
    token: isAcked ? tokenOf(name, reply!) : undefined,
  };
}

/** By key, in the order of invocation; of keys that promise something. */
export function deedsByKey(operations: readonly Operation[]): ReadonlyMap<string, readonly Deed[]> {
  const byKey = new Map<string, Deed[]>();
  for (const operation of operations) {
    if (operation.family === "cached") continue;
    const deed = deedOf(operation);
    if (deed === undefined) continue;
    const deeds = byKey.get(operation.key);
    if (deeds === undefined) byKey.set(operation.key, [deed]);
    else deeds.push(deed);
  }
  return byKey;
}

/** Of MGET, the part of the reply that is about this key. */
function replyFor({ key }: Operation, name: string, args: readonly string[], reply: Reply): Reply {
  return name === "MGET" && Array.isArray(reply) ? (reply as readonly Reply[])[args.indexOf(key)]! : reply;
}

function has(args: readonly string[], option: string): boolean {
  return args.slice(2).some((arg) => arg.toUpperCase() === option);
}

function after(args: readonly string[], option: string): string | undefined {
  const at = args.findIndex((arg) => arg.toUpperCase() === option);
  return at === -1 ? undefined : args[at + 1];
}

function didNothing(name: string, args: readonly string[], reply: Reply): boolean {
  switch (name) {
    case "SET":
      if (has(args, "NX") && has(args, "GET")) return reply !== null;
      return reply === null && (has(args, "NX") || has(args, "XX"));
    case "GETDEL":
      return reply === null;
    case "DEL":
    case "UNLINK":
    case "PEXPIRE":
    case "PERSIST":
      return reply === 0;
    default:
      return false;
  }
}

function changeOf({ key }: Operation, name: string, args: readonly string[]): Change | undefined {
  switch (name) {
    case "SET": {
      const px = after(args, "PX");
      return { kind: "put", value: args[1]!, ttlMs: px === undefined ? undefined : Number(px) };
    }
    case "GETSET":
      return { kind: "put", value: args[1]!, ttlMs: undefined };
    case "MSET":
      return { kind: "put", value: args[args.indexOf(key) + 1]!, ttlMs: undefined };
    case "KV.PUT":
      return { kind: "put", value: args[1]!, ttlMs: undefined, context: after(args, "CONTEXT") ?? "" };
    case "KV.DEL": {
      const context = after(args, "CONTEXT");
      return context === undefined ? { kind: "delete" } : { kind: "delete", context };
    }
    case "DEL":
    case "UNLINK":
    case "GETDEL":
      return { kind: "delete" };
    case "APPEND":
      return { kind: "append", suffix: args[1]! };
    case "INCR":
      return { kind: "add", by: 1n };
    case "DECR":
      return { kind: "add", by: -1n };
    case "INCRBY":
      return { kind: "add", by: BigInt(args[1]!) };
    case "DECRBY":
      return { kind: "add", by: -BigInt(args[1]!) };
    case "PEXPIRE":
      return { kind: "renew", ttlMs: Number(args[1]!) };
    case "PERSIST":
      return { kind: "renew", ttlMs: undefined };
    default:
      return undefined;
  }
}

function shownBy(name: string, args: readonly string[], reply: Reply): readonly string[] | undefined {
  switch (name) {
    case "GET":
    case "MGET":
    case "GETSET":
    case "GETDEL":
      return oneOrNone(reply);
    case "SET":
      return has(args, "GET") ? oneOrNone(reply) : undefined;
    case "KV.GET":
      return (reply as readonly Reply[]).slice(1).map(String);
    case "INCR":
    case "DECR":
    case "INCRBY":
    case "DECRBY":
      return [String(reply)];
    default:
      return undefined;
  }
}

function oneOrNone(reply: Reply): readonly string[] {
  return reply === null ? [] : [String(reply)];
}

function tokenOf(name: string, reply: Reply): string | undefined {
  if (name === "KV.GET") return String((reply as readonly Reply[])[0]);
  return name === "KV.PUT" ? String(reply) : undefined;
}

/**
 * `KV.WITH [BALANCED | FAST-READS | FAST-WRITES] [READ level] [WRITE level] [RECEIPT] [TRACEPARENT parent] -- command [arg ...]` -> the
 * command's reply, waited for as the levels say instead of the connection's. With RECEIPT -> [reply, receipt]: what the write
 * rests on (receipt-reply.ts), or null if it has changed nothing. With TRACEPARENT, it is a part of that trace (W3C Trace
 * Context), if its spans are collected at all.
 */
import { parseTraceparent, type TraceContext } from "../../node/cluster/trace-context.ts";
import { KEY_BYTES_MAX } from "../../storage/row-key.ts";
import { echo, latin1, SYNTAX_ERROR, word } from "../arguments.ts";
import { type AskedLevels, parseLevels, refuseImpossible, withDefaults } from "../cluster/consistency.ts";
import { CommandError, type KeyCommand, type Session, type SessionCommand } from "../command.ts";
import { hasLongKey } from "../key-refs.ts";
import { isKeyCommand } from "../run-on-replica.ts";

interface Parsed {
  readonly asked: AskedLevels;
  readonly wantsReceipt: boolean;
  readonly parent: TraceContext | undefined;
  /** The request behind the "--". */
  readonly inner: readonly Uint8Array[];
}

export const kvWith: SessionCommand = {
  name: "kv.with",
  kind: "session",
  arity: -3,
  flags: ["write", "denyoom", "no_multi", "movablekeys"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Runs a command on keys that waits for so many machines, and tells what it rests on.",
  complexity: "Depends on the command.",
  syntax:
    "[BALANCED | FAST-READS | FAST-WRITES] [READ level] [WRITE level] [RECEIPT] [TRACEPARENT parent] -- command [arg ...]",
  run(session, args) {
    const { asked, wantsReceipt, parent, inner } = parse(args);
    const { dispatcher, cluster, tracing } = session.server;
    refuseImpossible(asked, cluster);
    const call = { command: keyCommandOf(session, inner), args: inner };
    const options = { asked: withDefaults(asked, session.consistency), wantsReceipt };
    const run = () => dispatcher.runKeyed(session, call, options);
    if (parent?.isSampled !== true || tracing === undefined) return run();
    return tracing.trace(call.command.name, parent, run);
  },
};

function parse(args: readonly Uint8Array[]): Parsed {
  const { asked, end } = parseLevels(args, 1);
  const wantsReceipt = end < args.length && word(args[end]!) === "RECEIPT";
  const next = wantsReceipt ? end + 1 : end;
  const parent = readParent(args, next);
  const separator = parent === undefined ? next : next + 2;
  if (separator + 1 >= args.length || word(args[separator]!) !== "--") throw new CommandError(SYNTAX_ERROR);
  return { asked, wantsReceipt, parent, inner: args.slice(separator + 1) };
}

function readParent(args: readonly Uint8Array[], at: number): TraceContext | undefined {
  if (at + 1 >= args.length || word(args[at]!) !== "TRACEPARENT") return undefined;
  const parent = parseTraceparent(latin1(args[at + 1]!));
  if (parent === undefined) throw new CommandError(`ERR ${echo(args[at + 1]!)} is no traceparent`);
  return parent;
}

function keyCommandOf({ server, database }: Session, inner: readonly Uint8Array[]): KeyCommand {
  const command = server.dispatcher.commandOf(inner);
  if (!isKeyCommand(command))
    throw new CommandError(`ERR KV.WITH runs commands on keys, and not ${echo(inner[0]!)}`);
  if (hasLongKey(command, inner, database))
    throw new CommandError(`ERR key is longer than ${KEY_BYTES_MAX} bytes`);
  return command;
}

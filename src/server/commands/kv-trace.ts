/**
 * `KV.TRACE command [arg ...]` -> JSON: runs a command on keys, and tells every step of it, with node and microseconds, also what
 * other nodes did for it. For people who want to know why something is slow.
 */
import type { CallTrace } from "../../node/cluster/call-trace.ts";
import { newTrace } from "../../node/cluster/trace-context.ts";
import { slotOf } from "../../ring/slot.ts";
import { KEY_BYTES_MAX } from "../../storage/row-key.ts";
import { echo } from "../arguments.ts";
import { memberNames } from "../cluster/member-names.ts";
import { CommandError, type Session, type SessionCommand } from "../command.ts";
import { hasLongKey, keyRefsOf } from "../key-refs.ts";
import { isKeyCommand } from "../run-on-replica.ts";
import { type TraceStep, traceSteps } from "../tracing/trace-steps.ts";

/** What the JSON text says. */
export interface TraceStatus {
  readonly command: string;
  /** Of its first key. */
  readonly slot: number | null;
  /** Whether the answering node keeps a copy. */
  readonly keptHere: boolean;
  readonly totalUs: number;
  /** The error that the command was answered with, if it was. */
  readonly error: string | null;
  /** In the order in which they began. */
  readonly steps: readonly TraceStep[];
}

/** After its answer, replicas that were asked as well are waited for so long. */
const PATIENCE_MS = 200;

export const kvTrace: SessionCommand = {
  name: "kv.trace",
  kind: "session",
  arity: -2,
  flags: ["write", "denyoom", "no_multi", "movablekeys"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Runs a command on keys, and tells every step of it with node and microseconds. JSON.",
  complexity: "Depends on the command.",
  syntax: "command [arg ...]",
  keyRefs: (args, database) => [{ database, key: args[2] ?? args[1]! }],
  run: async (session, args) => JSON.stringify(await trace(session, args.slice(1))),
};

async function trace(session: Session, inner: readonly Uint8Array[]): Promise<TraceStatus> {
  const { server, database, consistency } = session;
  const { dispatcher, runtime, clusterDoor } = server;
  const command = dispatcher.commandOf(inner);
  if (!isKeyCommand(command))
    throw new CommandError(`ERR KV.TRACE runs commands on keys, and not ${echo(inner[0]!)}`);
  if (hasLongKey(command, inner, database))
    throw new CommandError(`ERR key is longer than ${KEY_BYTES_MAX} bytes`);
  const [ref] = keyRefsOf(command, inner, database);
  const slot = ref === undefined ? null : slotOf(ref.key);
  const context = newTrace(runtime.random, { isSampled: false, wantsSteps: true });
  const options = { asked: consistency, wantsReceipt: false };
  const traced = server.traces.begin(command.name, context, async () =>
    dispatcher.runKeyed(session, { command, args: inner }, options),
  );
  const error = await traced.result.then(errorOf, (cause: unknown) => dispatcher.refusal(cause).text);
  traced.trace.onAnswered(error ?? undefined);
  await traced.trace.whole(PATIENCE_MS);
  traced.end();
  return {
    command: command.name,
    slot,
    keptHere: clusterDoor === undefined || (slot !== null && clusterDoor.keys.keepsSlot(slot)),
    totalUs: traced.trace.told().tookUs,
    error,
    steps: stepsOf(session, traced.trace),
  };
}

function stepsOf({ server }: Session, trace: CallTrace): readonly TraceStep[] {
  const names = memberNames(server.cluster?.members() ?? []);
  return traceSteps(trace.told(), server.cluster?.self.id ?? "", (id) => names.get(id) ?? id);
}

function errorOf(reply: unknown): string | null {
  if (typeof reply !== "object" || reply === null || !("kind" in reply)) return null;
  return reply.kind === "failure" && "text" in reply ? String(reply.text) : null;
}

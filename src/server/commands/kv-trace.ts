/**
 * `KV.TRACE command [arg ...]` -> JSON: runs a command on keys, and tells every step of it, with node and microseconds. For
 * people who want to know why something is slow.
 */
import { CallTraces } from "../../node/cluster/call-trace.ts";
import { ATTEMPT_METHOD } from "../../replication/attempt-message.ts";
import { DOOR_METHOD } from "../../replication/forward-message.ts";
import { REPLICA_METHOD } from "../../replication/replica-message.ts";
import { slotOf } from "../../ring/slot.ts";
import { KEY_BYTES_MAX } from "../../storage/row-key.ts";
import { echo } from "../arguments.ts";
import { memberNames } from "../cluster/member-names.ts";
import { CommandError, type Session, type SessionCommand } from "../command.ts";
import { hasLongKey, keyRefsOf } from "../key-refs.ts";
import { isKeyCommand } from "../run-on-replica.ts";

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

export interface TraceStep {
  readonly node: string;
  readonly name: string;
  /** `local`: until the answering node had done, or asked, all that it could at once. */
  readonly step: string;
  readonly startUs: number;
  /** Null if there was no answer yet when the last step had long been over. */
  readonly tookUs: number | null;
  readonly failure: string | null;
}

/** After its answer, replicas that were asked as well are waited for so long. */
const PATIENCE_MS = 200;
const LOOK_MS = 5;

const STEPS: ReadonlyMap<number, string> = new Map([
  [REPLICA_METHOD.writeCell, "write to a replica"],
  [REPLICA_METHOD.readCell, "read from a replica"],
  [REPLICA_METHOD.readDigest, "compare with a replica"],
  [REPLICA_METHOD.readHint, "ask for hints"],
  [DOOR_METHOD.forward, "forward"],
  [DOOR_METHOD.applyChange, "forward"],
  [ATTEMPT_METHOD, "forward"],
]);

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
  const { clock } = runtime;
  const command = dispatcher.commandOf(inner);
  if (!isKeyCommand(command))
    throw new CommandError(`ERR KV.TRACE runs commands on keys, and not ${echo(inner[0]!)}`);
  if (hasLongKey(command, inner, database))
    throw new CommandError(`ERR key is longer than ${KEY_BYTES_MAX} bytes`);
  const traces = server.node.cluster?.traces ?? new CallTraces();
  const [ref] = keyRefsOf(command, inner, database);
  const slot = ref === undefined ? null : slotOf(ref.key);
  const startedMs = clock.monotonicMs();
  let localMs = 0;
  const {
    result,
    trace: traced,
    end,
  } = traces.begin(clock, async () => {
    const options = { asked: consistency, wantsReceipt: false };
    const answer = dispatcher.runKeyed(session, { command, args: inner }, options);
    localMs = clock.monotonicMs() - startedMs;
    return answer;
  });
  const error = await result.then(errorOf, (cause: unknown) => dispatcher.refusal(cause).text);
  const totalMs = clock.monotonicMs() - startedMs;
  const patientUntilMs = clock.monotonicMs() + PATIENCE_MS;
  while (!traced.isComplete && clock.monotonicMs() < patientUntilMs) await clock.sleep(LOOK_MS);
  end();
  const names = memberNames(server.cluster?.members() ?? []);
  const self = server.cluster?.self.id ?? "";
  const local = { node: self, name: names.get(self) ?? "", step: "local", failure: null };
  return {
    command: command.name,
    slot,
    keptHere: clusterDoor === undefined || (slot !== null && clusterDoor.keys.keepsSlot(slot)),
    totalUs: micros(totalMs),
    error,
    steps: [
      { ...local, startUs: 0, tookUs: micros(localMs) },
      ...traced.calls.map(({ node, method, startedMs: atMs, tookMs, failure }) => ({
        ...{ node, name: names.get(node) ?? node, step: STEPS.get(method) ?? `method ${method}` },
        ...{ startUs: micros(atMs), tookUs: tookMs === undefined ? null : micros(tookMs) },
        failure: failure ?? null,
      })),
    ],
  };
}

function errorOf(reply: unknown): string | null {
  if (typeof reply !== "object" || reply === null || !("kind" in reply)) return null;
  return reply.kind === "failure" && "text" in reply ? String(reply.text) : null;
}

function micros(ms: number): number {
  return Math.round(ms * 1000);
}

/**
 * EXEC in a cluster: what was queued and touches keys, all of one slot, is run by one replica of it, at once; what was queued
 * and touches none (PING, SELECT, TIME) is run here, afterwards. The replies stand in the order of the calls.
 */
import { nullArray, type Reply } from "../../resp/reply.ts";
import type { Session } from "../command.ts";
import { CommandError } from "../command-shape.ts";
import type { Call } from "../command-table.ts";
import { keyRefsOf } from "../key-refs.ts";
import { isKeyCommand } from "../run-on-replica.ts";
import type { Transaction } from "../transaction.ts";
import type { ClusterDoor } from "./cluster-door.ts";
import type { PlacedCall } from "./cluster-transactions.ts";
import { commonSlot, encodedReply } from "./keyed-call.ts";

const CROSSSLOT =
  "CROSSSLOT Keys of a transaction, and those watched for it, must be in one slot of the cluster";

/** Rejects with CommandError or StoreError. */
export async function execInCluster(
  session: Session,
  door: ClusterDoor,
  transaction: Transaction<Session>,
): Promise<Reply> {
  const { database, protocol, consistency: asked, watched } = session;
  const watches = watched.watches.map(({ ref, version = "" }) => ({ ref, version }));
  watched.clear();
  const queued = transaction.placedCalls(database);
  const calls = queued.flatMap(({ call, database: own }) => keyedCall(call, own));
  const refs = calls.flatMap(({ command, args, database: own }) => keyRefsOf(command, args, own));
  const all = [...refs, ...watches.map(({ ref }) => ref)];
  const slot = all.length === 0 ? undefined : commonSlot(all);
  if (slot === undefined && all.length > 0) throw new CommandError(CROSSSLOT);
  const { clock } = session.server.runtime;
  const startedMs = clock.monotonicMs();
  const replies =
    slot === undefined ? [] : await door.transactions.run(slot, { protocol, asked, watches, calls });
  if (replies === undefined) return nullArray;
  countCalls(session, queued, clock.monotonicMs() - startedMs);
  return joinReplies(session, queued, replies);
}

function keyedCall({ entry, args }: Call<Session>, database: number): readonly PlacedCall[] {
  const { command } = entry;
  return isKeyCommand(command) ? [{ command, args, database }] : [];
}

/** Each call on keys is counted, with an equal share of the time. */
function countCalls(
  { server }: Session,
  queued: readonly { readonly call: Call<Session> }[],
  tookMs: number,
): void {
  const entries = queued.map(({ call }) => call.entry).filter(({ command }) => isKeyCommand(command));
  for (const entry of entries) {
    entry.calls++;
    entry.latency.record((tookMs * 1000) / entries.length);
  }
  server.statistics.commands += entries.length;
}

/** Runs what is left. */
async function joinReplies(
  session: Session,
  queued: readonly { readonly call: Call<Session> }[],
  replies: readonly Uint8Array[],
): Promise<Reply> {
  const joined: Reply[] = [];
  let next = 0;
  for (const { call } of queued) {
    if (isKeyCommand(call.entry.command)) {
      joined.push(encodedReply(replies[next++]!));
      continue;
    }
    const answer = await session.server.dispatcher.call(session, call);
    if (typeof answer !== "symbol") joined.push(answer);
  }
  return joined;
}

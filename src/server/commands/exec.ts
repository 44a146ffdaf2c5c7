/**
 * `EXEC` -> the replies of the queued commands, errors among them; a null array if a watched key has changed. Other
 * clients see all of its changes or none; see LocalReplica.transact. Replies that are too long together are not known
 * before the last has run: the error that takes their place says so. In a cluster: see exec-in-cluster.ts.
 */

import type { Awaitable } from "../../base/awaitable.ts";
import { whenReady } from "../../base/awaitable.ts";
import type { Within } from "../../replication/cell-store.ts";
import { nullArray, type Reply } from "../../resp/reply.ts";
import { execInCluster } from "../cluster/exec-in-cluster.ts";
import type { Session } from "../command.ts";
import { CommandError, type SessionCommand } from "../command.ts";
import type { Transaction } from "../transaction.ts";

export const exec: SessionCommand = {
  name: "exec",
  kind: "session",
  arity: 1,
  flags: ["noscript", "loading", "stale", "skip_slowlog"],
  group: "transactions",
  since: "1.2.0",
  summary: "Runs what was queued since MULTI, unless a watched key has changed.",
  complexity: "Depends on the commands queued.",
  run(session) {
    const { transaction } = session;
    if (transaction === undefined) throw new CommandError("ERR EXEC without MULTI");
    try {
      refuseUnfit(session, transaction);
    } catch (cause) {
      session.discard();
      throw cause;
    }
    session.endTransaction();
    const { clusterDoor } = session.server;
    const ran = clusterDoor && execInCluster(session, clusterDoor, transaction);
    return whenReady(ran ?? runQueued(session, transaction), (reply) => {
      session.lastCommandName = "exec";
      return reply;
    });
  },
};

function refuseUnfit({ server }: Session, transaction: Transaction<Session>): void {
  if (transaction.has("denyoom") && !server.node.makeRoom()) {
    throw new CommandError(
      "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
    );
  }
  if (transaction.isSpoilt) {
    throw new CommandError("EXECABORT Transaction discarded because of previous errors.");
  }
}

function runQueued(session: Session, transaction: Transaction<Session>): Awaitable<Reply> {
  const { server, database, watched } = session;
  const { calls } = transaction;
  const { transactionBuffers: buffers, limits } = server;
  const replies = buffers.takeReplies(limits.replyBytesMax);
  const body = (within: Within, isAtHand: boolean): Awaitable<true> => {
    const written = isAtHand ? replies : undefined;
    const call = (i: number) => server.queuedRun.callAt(session, calls, i, written);
    const run = transaction.run(within, call, (answer) => replies.add(answer, session.protocol));
    return whenReady(run, () => true as const);
  };
  const toRun = {
    get refs() {
      return transaction.keyRefs(database);
    },
    watches: watched.watches,
    wallMs: server.wallMs,
  };
  const end = (): void => {
    session.isExecuting = false;
    watched.clear();
    buffers.giveBackReplies(replies);
    buffers.giveBackCalls(calls);
  };
  session.isExecuting = true;
  let reply: Awaitable<Reply>;
  try {
    const ran = server.node.replica.transact(toRun, body);
    const isLent = !(ran instanceof Promise);
    reply = whenReady(ran, (hasRun) => (hasRun ? replies.finish(isLent) : nullArray));
  } catch (cause) {
    end();
    throw cause;
  }
  if (reply instanceof Promise) return reply.finally(end);
  end();
  return reply;
}

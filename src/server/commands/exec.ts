/**
 * `EXEC` -> the replies of the queued commands, errors among them; a null array if a watched key has changed. Other
 * clients see all of its changes or none; see LocalReplica.transact.
 */

import type { Awaitable } from "../../base/awaitable.ts";
import { whenReady } from "../../base/awaitable.ts";
import { nullArray, type Reply } from "../../resp/reply.ts";
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
    return whenReady(runQueued(session, transaction), (replies) => {
      session.lastCommandName = "exec";
      return replies ?? nullArray;
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

function runQueued(
  session: Session,
  transaction: Transaction<Session>,
): Awaitable<readonly Reply[] | undefined> {
  const { server, database } = session;
  const { watches } = session.watched;
  const refs = transaction.keyRefs(database);
  session.isExecuting = true;
  const end = (): void => {
    session.isExecuting = false;
    session.watched.clear();
  };
  let replies: Awaitable<readonly Reply[] | undefined>;
  try {
    replies = server.node.replica.transact({ refs, watches, wallMs: server.wallMs }, (within) =>
      transaction.run(within, (call) => server.dispatcher.call(session, call)),
    );
  } catch (cause) {
    end();
    throw cause;
  }
  if (replies instanceof Promise) return replies.finally(end);
  end();
  return replies;
}

/** A read that says it has mended the stale replicas it met, and has not. */
import type { StoreError } from "../../base/errors.ts";
import type { StorageNode } from "../../node/node.ts";
import type { Coordinator } from "../../replication/coordinator.ts";
import type { AnswerReceiver, PeerCalls } from "../../replication/replica-calls.ts";
import { encodeAck, REPLICA_METHOD } from "../../replication/replica-message.ts";
import { type Sabotage, withoutShortcuts } from "./sabotage.ts";

export const skippedRepair: Sabotage = {
  name: "read repair skipped",
  breaks: "what a read should bring to stale replicas is acknowledged and not sent",
  seams: { onOpen: skipRepairs },
};

function skipRepairs(node: StorageNode): void {
  if (node.cluster === undefined) return;
  withoutShortcuts(node);
  const { coordinator, calls } = node.cluster;
  let writing = 0;
  const update = coordinator.update.bind(coordinator);
  const updateAll = coordinator.updateAll.bind(coordinator);
  const whileWriting = async <T>(work: Promise<T>): Promise<T> => {
    writing++;
    return work.finally(() => writing--);
  };
  coordinator.update = ((...args: Parameters<Coordinator["update"]>) =>
    whileWriting(update(...args))) as Coordinator["update"];
  coordinator.updateAll = ((...args: Parameters<Coordinator["updateAll"]>) =>
    whileWriting(updateAll(...args))) as Coordinator["updateAll"];
  // Cells that leave while nothing is written here can only be repairs.
  swallow(calls, () => writing === 0);
}

function swallow(calls: PeerCalls, isRepair: () => boolean): void {
  const request = calls.request?.bind(calls);
  const ack = encodeAck({ isSynced: true });
  calls.request = (to, method, payload, receiver: AnswerReceiver, timeoutMs): StoreError | undefined => {
    if (method !== REPLICA_METHOD.writeCell || !isRepair())
      return request?.(to, method, payload, receiver, timeoutMs);
    void Promise.resolve().then(() =>
      receiver.onReply({ id: to }, { bytes: ack, start: 0, end: ack.length }),
    );
    return undefined;
  };
}

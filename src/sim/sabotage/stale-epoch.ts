/** A replica that takes cells by any plan, also of slots that it keeps no more. */
import type { StorageNode } from "../../node/node.ts";
import { decodeWriteCell, encodeAck, REPLICA_METHOD } from "../../replication/replica-message.ts";
import type { Sabotage } from "./sabotage.ts";

export const staleEpoch: Sabotage = {
  name: "stale epoch accepted",
  breaks: "a write by an old plan is taken by a node that keeps no copy of the key any more",
  seams: { onOpen: takeAll },
};

function takeAll(node: StorageNode): void {
  const { cluster, replica, engine } = node;
  cluster?.serve([REPLICA_METHOD.writeCell], async (_, { bytes, start, end }) => {
    const { ref, cell, hintFor } = decodeWriteCell(bytes.slice(start, end));
    if (hintFor !== undefined) await cluster.hints.add(hintFor, ref, cell);
    else {
      await replica.received.merge(ref, cell, Number.MAX_SAFE_INTEGER);
      await engine.durable();
    }
    return encodeAck({ isSynced: true });
  });
}

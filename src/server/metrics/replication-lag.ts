/** How far behind each of the other members is, as far as this node can tell. */
import type { ClusterNode } from "../../node/cluster-node.ts";
import { REPLICA_METHOD } from "../../replication/replica-message.ts";
import type { Clock } from "../../runtime/runtime.ts";

/** Requests whose answer says that the peer has a write; hints are brought by the first of them. */
const WRITES: ReadonlySet<number> = new Set([REPLICA_METHOD.writeCell, REPLICA_METHOD.relayCell]);

export interface PeerLag {
  readonly id: string;
  readonly datacenter: string;
  /** Age of the oldest write that it has not acknowledged: on its way, or kept here as a hint. */
  readonly seconds: number;
}

export function replicationLags(
  { topology, self, peerLinks, hints }: Pick<ClusterNode, "topology" | "self" | "peerLinks" | "hints">,
  clock: Pick<Clock, "wallMs">,
): readonly PeerLag[] {
  const wallMs = clock.wallMs();
  return topology.members
    .filter(({ id }) => id !== self.id)
    .map(({ id, datacenter }) => {
      const onTheWayMs = peerLinks.get(id)?.oldestAgeMsOf(WRITES) ?? 0;
      const oldestMs = hints.logs.get(id)?.oldestMs;
      const hintedMs = oldestMs === undefined ? 0 : Math.max(0, wallMs - oldestMs);
      return { id, datacenter, seconds: Math.max(onTheWayMs, hintedMs) / 1000 };
    });
}

/** The greatest of each datacenter. */
export function lagsByDatacenter(lags: readonly PeerLag[]): Record<string, number> {
  const greatest: Record<string, number> = {};
  for (const { datacenter, seconds } of lags) {
    greatest[datacenter] = Math.max(greatest[datacenter] ?? 0, seconds);
  }
  return greatest;
}

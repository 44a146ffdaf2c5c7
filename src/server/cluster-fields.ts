/** The cluster as this node sees it, in INFO. Redis has the first field alone. */
import type { ClusterNode } from "../node/cluster-node.ts";
import type { Field } from "./persistence-fields.ts";

export function clusterFields(cluster: ClusterNode | undefined, isEnabled: boolean): readonly Field[] {
  const enabled: Field = ["cluster_enabled", isEnabled ? 1 : 0];
  if (cluster === undefined) return [enabled];
  const { clusterId, epoch, move } = cluster.topology;
  const members = cluster.members();
  const hints = cluster.hints.statistics;
  const queues = cluster.queues();
  return [
    enabled,
    ["kvorum_cluster_id", clusterId],
    ["kvorum_cluster_node", cluster.self.id],
    ["kvorum_cluster_epoch", epoch],
    ["kvorum_cluster_moving", move?.id ?? ""],
    ["kvorum_cluster_members", members.length],
    ["kvorum_cluster_members_up", members.filter(({ isUp }) => isUp).length],
    ["kvorum_cluster_members_suspect", members.filter(({ isSuspect }) => isSuspect).length],
    ["kvorum_hints_pending", hints.count],
    ["kvorum_hints_bytes", hints.sizeBytes],
    ["kvorum_hints_delivered", hints.deliveredCount],
    ["kvorum_hints_overdue", hints.overdueCount],
    ["kvorum_hints_refused", hints.refusedCount],
    ["kvorum_peer_queue_bytes", queues.bytes],
    ["kvorum_peer_requests", queues.requests],
    ["kvorum_rounds", cluster.coordinator.roundCount],
  ];
}

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
    ...moveFields(cluster),
    ["kvorum_cluster_members", members.length],
    ["kvorum_cluster_members_up", members.filter(({ isUp }) => isUp).length],
    ["kvorum_cluster_members_suspect", members.filter(({ isSuspect }) => isSuspect).length],
    ["kvorum_hints_pending", hints.count],
    ["kvorum_hints_bytes", hints.sizeBytes],
    ["kvorum_hints_delivered", hints.deliveredCount],
    ["kvorum_hints_overdue", hints.overdueCount],
    ["kvorum_hints_refused", hints.refusedCount],
    ...repairFields(cluster),
    ["kvorum_peer_queue_bytes", queues.bytes],
    ["kvorum_peer_requests", queues.requests],
    ["kvorum_rounds", cluster.coordinator.roundCount],
  ];
}

/** Nothing if nothing moves. */
function moveFields({ moves }: ClusterNode): readonly Field[] {
  const move = moves?.progress;
  if (move === undefined) return [];
  return [
    ["kvorum_move_kind", move.kind],
    ["kvorum_move_stage", move.stage],
    ["kvorum_move_progress", move.part.toFixed(3)],
    ["kvorum_move_slots_total", move.slots],
    ["kvorum_move_slots_done", move.slotsDone],
    ["kvorum_move_rows", move.rows],
    ["kvorum_move_bytes", move.bytes],
    ["kvorum_move_bytes_per_second", move.bytesPerSecond],
  ];
}

/** Of the exchanges that this node began; others ask it, too. */
function repairFields({ repair: { totals, lastRun } }: ClusterNode): readonly Field[] {
  return [
    ["kvorum_repair_rounds", totals.exchanges],
    ["kvorum_repair_broken_off", totals.failures],
    ["kvorum_repair_slots_compared", totals.slots],
    ["kvorum_repair_rows_compared", totals.rows],
    ["kvorum_repair_rows_fetched", totals.pulled],
    ["kvorum_repair_rows_given", totals.pushed],
    ["kvorum_repair_rows_refused", totals.refused],
    ["kvorum_repair_bytes_sent", totals.bytesSent],
    ["kvorum_repair_bytes_received", totals.bytesReceived],
    ["kvorum_repair_asked_for", lastRun?.isOver === false ? 1 : 0],
  ];
}

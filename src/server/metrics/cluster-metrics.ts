/** The cluster, as this node sees it and takes part in it. A node alone has none of these. */

import type { MemberStatus } from "../../node/cluster/member-status.ts";
import type { ClusterNode } from "../../node/cluster-node.ts";
import type { PeerLink } from "../../peer/peer-link.ts";
import { memberNames } from "../cluster/member-names.ts";
import { slotShares } from "../cluster/slot-shares.ts";
import { type Metric, one, type Sample } from "./metric.ts";
import type { MetricSource } from "./metric-source.ts";
import { replicationLags } from "./replication-lag.ts";

/** What a node alone has no samples of. */
function inCluster(collect: (cluster: ClusterNode, source: MetricSource) => readonly Sample[]) {
  return (source: MetricSource): readonly Sample[] => {
    const { cluster } = source.server.node;
    return cluster === undefined ? [] : collect(cluster, source);
  };
}

const PEER_LABELS = ["peer", "name", "datacenter"];

/** Of each other member. */
function perPeer(measure: (member: MemberStatus, link: PeerLink | undefined) => number | undefined) {
  return inCluster((cluster) => {
    const members = cluster.members();
    const names = memberNames(members);
    return members
      .filter(({ isSelf }) => !isSelf)
      .flatMap((member) => {
        const value = measure(member, cluster.peerLinks.get(member.id));
        if (value === undefined) return [];
        const { id, datacenter } = member;
        return [{ labels: { peer: id, name: names.get(id)!, datacenter }, value }];
      });
  });
}

export const LAG_METRIC: Metric = {
  name: "kvorum_replication_lag_seconds",
  type: "gauge",
  help: "Age of the oldest write that the peer has not acknowledged to this node, on its way or kept as a hint; 0 if there is none.",
  labels: PEER_LABELS,
  collect: inCluster((cluster, { server }) => {
    const names = memberNames(cluster.members());
    return replicationLags(cluster, server.runtime.clock).map(({ id, datacenter, seconds }) => {
      return { labels: { peer: id, name: names.get(id) ?? id, datacenter }, value: seconds };
    });
  }),
};

const MEMBERSHIP_METRICS: readonly Metric[] = [
  {
    name: "kvorum_topology_epoch",
    type: "gauge",
    help: "Of the newest plan of the cluster that this node knows: the same at all nodes, soon after a change.",
    collect: inCluster(({ topology }) => one(topology.epoch)),
  },
  {
    name: "kvorum_members",
    type: "gauge",
    help: "Members of the cluster, by this node's own verdict, itself included.",
    labels: ["state"],
    collect: inCluster((cluster) => {
      const members = cluster.members();
      const up = members.filter(({ isUp }) => isUp).length;
      return [
        { labels: { state: "up" }, value: up },
        { labels: { state: "down" }, value: members.length - up },
      ];
    }),
  },
  {
    name: "kvorum_owned_slots",
    type: "gauge",
    help: "Of the 16384 slots, those that this node keeps a copy of.",
    collect: inCluster(({ view, self }) => one(slotShares(view).get(self.id)?.slots ?? 0)),
  },
  {
    name: "kvorum_move_progress_ratio",
    type: "gauge",
    help: "How much of the move of slots under way is done; no sample while there is none.",
    collect: inCluster(({ moves }) => (moves?.progress === undefined ? [] : one(moves.progress.part))),
  },
  {
    name: "kvorum_peer_up",
    type: "gauge",
    help: "1 if this node takes the peer for up.",
    labels: PEER_LABELS,
    collect: perPeer(({ isUp }) => (isUp ? 1 : 0)),
  },
  {
    name: "kvorum_peer_phi",
    type: "gauge",
    help: "How much the peer's silence tells against it: 1 is one chance in ten that it is up, 8 one in a hundred million.",
    labels: PEER_LABELS,
    collect: perPeer(({ phi }) => phi),
  },
  {
    name: "kvorum_peer_round_trip_seconds",
    type: "gauge",
    help: "How long the peer takes to answer, a moving average.",
    labels: PEER_LABELS,
    collect: perPeer((_, link) => link && link.roundTrips.averageMs / 1000),
  },
  {
    name: "kvorum_peer_queue_bytes",
    type: "gauge",
    help: "Bytes that wait to be sent to the peer.",
    labels: PEER_LABELS,
    collect: perPeer((_, link) => link?.queuedBytes),
  },
  {
    name: "kvorum_peer_requests",
    type: "gauge",
    help: "Requests to the peer that have no answer yet.",
    labels: PEER_LABELS,
    collect: perPeer((_, link) => link?.inFlight),
  },
  {
    name: "kvorum_peer_timeouts_total",
    type: "counter",
    help: "Requests that the peer has not answered in time.",
    labels: PEER_LABELS,
    collect: perPeer((_, link) => link?.statistics().timeouts),
  },
];

const REPAIR_METRICS: readonly Metric[] = [
  {
    name: "kvorum_quorum_rounds",
    type: "gauge",
    help: "Requests that wait for other replicas, and writes on their way to the last of them.",
    collect: inCluster(({ coordinator }) => one(coordinator.roundCount)),
  },
  {
    name: "kvorum_read_repairs_total",
    type: "counter",
    help: "Reads that found replicas that differed, and mended them before they answered.",
    collect: inCluster(({ coordinator }) => one(coordinator.tallies.readRepairs)),
  },
  {
    name: "kvorum_hints_kept_total",
    type: "counter",
    help: "Writes that this node has kept for others that were down.",
    collect: inCluster(({ hints }) => one(hints.statistics.addedCount)),
  },
  {
    name: "kvorum_hints_delivered_total",
    type: "counter",
    help: "Of these, those that their nodes have been given.",
    collect: inCluster(({ hints }) => one(hints.deliveredCount)),
  },
  {
    name: "kvorum_hints_dropped_total",
    type: "counter",
    help: "Writes not kept, or no longer: too old, refused by their nodes, or no room. Anti-entropy brings them.",
    labels: ["reason"],
    collect: inCluster(({ hints: { statistics } }) => [
      { labels: { reason: "overdue" }, value: statistics.overdueCount },
      { labels: { reason: "refused" }, value: statistics.givenUpCount },
      { labels: { reason: "no_room" }, value: statistics.refusedCount },
    ]),
  },
  {
    name: "kvorum_hints_pending",
    type: "gauge",
    help: "Writes that this node keeps for the peer now.",
    labels: PEER_LABELS,
    collect: perPeer(({ hintsPending }) => hintsPending),
  },
  {
    name: "kvorum_hints_pending_bytes",
    type: "gauge",
    help: "What they take, of all peers.",
    collect: inCluster(({ hints }) => one(hints.statistics.sizeBytes)),
  },
  {
    name: "kvorum_anti_entropy_exchanges_total",
    type: "counter",
    help: "Comparisons with other replicas that this node began.",
    labels: ["result"],
    collect: inCluster(({ repair: { totals } }) => [
      { labels: { result: "whole" }, value: totals.exchanges },
      { labels: { result: "broken_off" }, value: totals.failures },
    ]),
  },
  {
    name: "kvorum_anti_entropy_slots_compared_total",
    type: "counter",
    help: "Slots whose sums were compared.",
    collect: inCluster(({ repair }) => one(repair.totals.slots)),
  },
  {
    name: "kvorum_anti_entropy_rows_compared_total",
    type: "counter",
    help: "Rows that were compared, where sums differed.",
    collect: inCluster(({ repair }) => one(repair.totals.rows)),
  },
  {
    name: "kvorum_anti_entropy_rows_moved_total",
    type: "counter",
    help: "Rows that this node was given, or gave, because they differed.",
    labels: ["direction"],
    collect: inCluster(({ repair: { totals } }) => [
      { labels: { direction: "in" }, value: totals.pulled },
      { labels: { direction: "out" }, value: totals.pushed },
    ]),
  },
];

export const CLUSTER_METRICS: readonly Metric[] = [...MEMBERSHIP_METRICS, ...REPAIR_METRICS];

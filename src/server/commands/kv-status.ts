/**
 * `KV.STATUS` -> one JSON text: the cluster as this node sees it, its members, where they are reached, what they keep, and
 * the keyspaces. For programs, and for `kvorum status`. A node alone is a cluster of one, whose `clusterId` is null.
 */
import type { MoveProgress } from "../../node/cluster/moves.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { ServedCluster, ServedMember } from "../cluster/served-cluster.ts";
import { slotShares } from "../cluster/slot-shares.ts";
import type { SessionCommand } from "../command.ts";
import { type KeyspaceStatus, keyspaceStatus } from "../keyspace-status.ts";
import type { Server } from "../server.ts";

/** What the JSON text says. */
export interface ClusterStatus {
  readonly clusterId: string | null;
  readonly epoch: number;
  /** The id of the node that answers. */
  readonly self: string;
  /** Sorted by id. */
  readonly members: readonly MemberStatus[];
  readonly keyspaces: readonly KeyspaceStatus[];
  /** Slots on their way; null if none are. */
  readonly move: MoveStatus | null;
}

export interface MoveStatus {
  /** "join", "leave", "reweigh" or "replace". */
  readonly kind: string;
  /** The id of the member that does so. */
  readonly member: string;
  /** "streaming", then "settling". */
  readonly stage: string;
  /** Whose place it takes; null if nobody's. */
  readonly replaced: string | null;
  /** 0 to 1: the part of what is fetched and compared that is done. */
  readonly progress: number;
  /** Copies of slots that are to be where they were not, and those that are there by now. */
  readonly total: number;
  readonly done: number;
  /** What was fetched for it: rows, and bytes both ways, since the nodes were started that fetch. */
  readonly rows: number;
  readonly bytes: number;
  /** Of late. */
  readonly bytesPerSecond: number;
}

export interface MemberStatus {
  readonly id: string;
  /** Where clients reach it; null until it has said so. */
  readonly host: string | null;
  readonly port: number | null;
  /** Where members reach it; null for a node alone. */
  readonly peerPort: number | null;
  readonly datacenter: string;
  readonly rack: string;
  readonly machine: string;
  readonly weight: number;
  readonly state: "joining" | "member" | "leaving";
  /** The verdict of the node that answers. */
  readonly up: boolean;
  readonly self: boolean;
  /** Slots of which it keeps a copy. */
  readonly slots: number;
  /** Its part of all copies, 0 to 1. */
  readonly share: number;
  /** Writes that the node that answers keeps for it. */
  readonly hintsPending: number;
}

export const kvStatus: SessionCommand = {
  name: "kv.status",
  kind: "session",
  arity: 1,
  flags: ["loading", "stale", "no_multi"],
  group: "kvorum",
  since: "0.1.0",
  summary: "Tells of the cluster as this node sees it: members, slots, keyspaces. JSON.",
  complexity: "O(N) with N slots",
  run: ({ server }) => JSON.stringify(clusterStatus(server)),
};

/** The cluster as the server's node sees it. */
export function clusterStatus(server: Server): ClusterStatus {
  return server.cluster === undefined
    ? aloneStatus(server)
    : statusOf(server.cluster, server.node.cluster?.moves?.progress);
}

function statusOf(cluster: ServedCluster, move: MoveProgress | undefined): ClusterStatus {
  const { topology, self } = cluster;
  const shares = slotShares(cluster.view);
  const members = cluster
    .members()
    .map((member): MemberStatus => ({ ...described(member), ...(shares.get(member.id) ?? NO_SHARE) }));
  return {
    clusterId: topology.clusterId,
    epoch: topology.epoch,
    self: self.id,
    members: members.sort((a, b) => (a.id < b.id ? -1 : 1)),
    keyspaces: topology.keyspaces.map(keyspaceStatus),
    move: move === undefined ? null : moveStatus(move),
  };
}

function moveStatus(move: MoveProgress): MoveStatus {
  const { kind, id, replaced = null, stage, part, slots, slotsDone, rows, bytes, bytesPerSecond } = move;
  const figures = { progress: part, total: slots, done: slotsDone, rows, bytes, bytesPerSecond };
  return { kind, member: id, replaced, stage, ...figures };
}

const NO_SHARE = { slots: 0, share: 0 };

function described(member: ServedMember): Omit<MemberStatus, "slots" | "share"> {
  const { id, host, port, peerPort, datacenter, rack, machine, weight, state } = member;
  const address = { host: host || null, port: port || null, peerPort: peerPort || null };
  const place = { datacenter, rack, machine, weight, state };
  return {
    id,
    ...address,
    ...place,
    up: member.isUp,
    self: member.isSelf,
    hintsPending: member.hintsPending,
  };
}

function aloneStatus({ node, host, port, keyspaces }: Server): ClusterStatus {
  const id = node.actor.toString(16).padStart(16, "0");
  const place = { datacenter: "", rack: "", machine: "", weight: 1, state: "member" } as const;
  const seen = { up: true, self: true, slots: SLOT_COUNT, share: 1, hintsPending: 0 };
  return {
    clusterId: null,
    epoch: 0,
    self: id,
    members: [{ id, host, port, peerPort: null, ...place, ...seen }],
    keyspaces: keyspaces.all.map(keyspaceStatus),
    move: null,
  };
}

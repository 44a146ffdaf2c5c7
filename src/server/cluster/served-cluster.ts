/** What the door has of the cluster that its node is a member of. */

import type { Awaitable } from "../../base/awaitable.ts";
import type { ByteRange } from "../../base/bytes.ts";
import type { MemberState, Topology } from "../../membership/topology.ts";
import type { NodeLoad } from "../../node/cluster/member-status.ts";
import type { Coordinator } from "../../replication/coordinator.ts";
import type { Participant } from "../../replication/quorum-need.ts";
import type { Cluster, PeerCalls } from "../../replication/replica-calls.ts";
import type { NodeId } from "../../ring/ring-member.ts";

export interface ServedCluster {
  readonly self: Participant;
  readonly view: Cluster;
  readonly calls: PeerCalls;
  readonly coordinator: Coordinator;
  /** The newest that is known to be committed. */
  readonly topology: Topology;
  /** Resolves when it has been tried to learn of a newer plan than that of the epoch. */
  readonly renewPlan?: (epoch: number) => Promise<void>;
  members(): readonly ServedMember[];
  /** From now on `handler` answers peers' requests of these methods. */
  serve(methods: readonly number[], handler: PeerHandler): void;
}

/** `payload` may be reused once it has returned. Throws or rejects with StoreError. */
export type PeerHandler = (method: number, payload: ByteRange, from: NodeId) => Awaitable<Uint8Array>;

export interface ServedMember {
  readonly id: NodeId;
  /** Where its clients reach it; undefined or empty until it has said so. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly peerPort: number | undefined;
  readonly datacenter: string;
  readonly rack: string;
  readonly machine: string;
  readonly weight: number;
  readonly state: MemberState;
  /** This node's own verdict. */
  readonly isUp: boolean;
  readonly isSuspect?: boolean;
  readonly phi?: number | undefined;
  readonly load?: NodeLoad | undefined;
  readonly isSelf: boolean;
  /** Writes that wait here until it can be given them. */
  readonly hintsPending: number;
}

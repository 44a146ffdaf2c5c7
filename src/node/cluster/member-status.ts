/** A member of the cluster as this node sees it, for those who ask how the cluster is. */
import type { MemberState } from "../../membership/topology.ts";
import type { NodeId } from "../../ring/ring-member.ts";

export interface NodeLoad {
  /** Of rows: on disk, or in memory for a node that stores them there. */
  readonly storedBytes: number;
  readonly requestsPerSecond: number;
}

export interface MemberStatus {
  readonly id: NodeId;
  /** Where clients reach it; undefined while this node has not heard. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Where its peers reach it. */
  readonly peerHost: string | undefined;
  readonly peerPort: number | undefined;
  readonly datacenter: string;
  readonly rack: string;
  readonly machine: string;
  readonly weight: number;
  readonly state: MemberState;
  readonly isUp: boolean;
  readonly isSuspect: boolean;
  /** Of the newest topology that it has told of. */
  readonly epoch: number;
  /** Which life of the node it is: rises with every start. */
  readonly generation: number;
  readonly isSelf: boolean;
  /** How much its silence tells against it; undefined of this node, and while nothing was heard. */
  readonly phi: number | undefined;
  /** What it has last said of itself; undefined while nothing was heard. */
  readonly load: NodeLoad | undefined;
  /** Cells that this node keeps for it. */
  readonly hintsPending: number;
}

/** A simulated cluster as it is wanted: who its members are, where they stand, and what they are set to. */
import type { Keyspace } from "../../membership/topology.ts";
import type { NodeSettings } from "../../node/settings.ts";

export interface PlannedNode {
  /** Of its host, too. */
  readonly name: string;
  readonly datacenter: string;
  readonly rack: string;
  readonly machine: string;
  readonly weight: number;
}

export interface ClusterPlan {
  readonly nodes: readonly PlannedNode[];
  /** Of every node, above the defaults. */
  readonly settings: Partial<NodeSettings>;
  /**
   * Undefined: the nodes found their cluster themselves, as those of `kvorum serve` do. Else they have known each other
   * from the beginning, with a default keyspace like this, and their plan cannot change.
   */
  readonly keyspace: Partial<Keyspace> | undefined;
  /** How much each node keeps for nodes that are down; undefined: as much as by default. */
  readonly hintBytesMax?: number | undefined;
  /** What nodes say to each other comes twice now and then. */
  readonly doublesMessages?: boolean | undefined;
}

export interface PlanWishes {
  readonly nodes: number;
  readonly datacenters?: number;
  /** Nodes on one machine: neighbours share it. */
  readonly nodesPerMachine?: number;
  readonly settings?: Partial<NodeSettings>;
  readonly keyspace?: Partial<Keyspace> | undefined;
  readonly hintBytesMax?: number | undefined;
  readonly doublesMessages?: boolean | undefined;
}

/** Nodes n1, n2, ... dealt out to datacenters dc1, dc2, ... in turn. */
export function planCluster({
  nodes: count,
  datacenters = 1,
  nodesPerMachine = 1,
  settings = {},
  keyspace,
  hintBytesMax,
  doublesMessages,
}: PlanWishes): ClusterPlan {
  const nodes = Array.from({ length: count }, (_, i) => {
    const machine = Math.floor(i / datacenters / nodesPerMachine) * datacenters + (i % datacenters);
    return {
      name: `n${i + 1}`,
      datacenter: `dc${(i % datacenters) + 1}`,
      rack: `rack${machine + 1}`,
      machine: `machine${machine + 1}`,
      weight: 1,
    };
  });
  return { nodes, settings, keyspace, hintBytesMax, doublesMessages };
}

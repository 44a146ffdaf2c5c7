/** The plan of a simulated cluster whose nodes know each other beforehand: ids are their places in it. */
import { utf8 } from "../../base/bytes.ts";
import { DEFAULT_KEYSPACE, type Topology } from "../../membership/topology.ts";
import { foundTopologyOf } from "../../membership/topology-change.ts";
import type { FixedCluster } from "../../node/cluster/cluster-begin.ts";
import type { ClusterPlan, PlannedNode } from "./cluster-plan.ts";

/** What the node at that place in `sites` is told of all, in its so many-th life. */
export function fixedClusterFor(
  topology: Topology,
  sites: readonly { readonly planned: PlannedNode; readonly peerPort: number }[],
  place: number,
  { secret, generation }: { readonly secret: string; readonly generation: number },
): FixedCluster {
  const addresses = sites.map(
    ({ planned, peerPort }, i) => [idOf(i), { host: planned.name, port: peerPort }] as const,
  );
  return { id: idOf(place), generation, topology, addresses: new Map(addresses), secret: utf8(secret) };
}

export function fixedTopology({ nodes, keyspace }: ClusterPlan): Topology {
  const founders = nodes.map(({ datacenter, rack, machine, weight }, i) => ({
    id: idOf(i),
    datacenter,
    rack,
    machine,
    weight,
  }));
  const founded = foundTopologyOf("simulated", founders);
  if (founded.kind === "refused") throw new Error(founded.reason);
  const { topology } = founded;
  const keyspaces = topology.keyspaces.map((each) =>
    each.name === DEFAULT_KEYSPACE ? { ...each, ...keyspace } : each,
  );
  return { ...topology, keyspaces };
}

function idOf(index: number): string {
  return index.toString(16).padStart(16, "0");
}

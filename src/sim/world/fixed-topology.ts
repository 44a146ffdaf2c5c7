/** The plan of a simulated cluster whose nodes know each other beforehand: ids are their places in it. */
import { DEFAULT_KEYSPACE, type Topology } from "../../membership/topology.ts";
import { foundTopologyOf } from "../../membership/topology-change.ts";
import type { ClusterPlan } from "./cluster-plan.ts";

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

export function idOf(index: number): string {
  return index.toString(16).padStart(16, "0");
}

/** A ring whose walk counts nodes, and not the machines they run on. */
import { copiesNow, ringMembersNow } from "../../membership/topology.ts";
import type { ClusterView } from "../../node/cluster/cluster-view.ts";
import type { Participant } from "../../replication/quorum-need.ts";
import { PlacementPlan } from "../../ring/placement-plan.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Sabotage } from "./sabotage.ts";

export const carelessRing: Sabotage = {
  name: "ring that counts virtual nodes",
  breaks: "two copies of a key may be on one machine",
  seams: { onOpen: ({ cluster }) => void (cluster !== undefined && placeByNode(cluster.view)) },
};

function placeByNode(view: ClusterView): void {
  const { topology } = view;
  const members = ringMembersNow(topology);
  const byId = new Map<NodeId, Participant>(members.map((member) => [member.id, member]));
  const alone = members.map((member) => ({ ...member, machine: member.id, rack: member.id }));
  const plan = new PlacementPlan(alone, copiesNow(topology));
  const lists = new Map<string, readonly Participant[]>();
  // Lists are told apart by identity: one for each slot.
  const listOf = (kind: string, slot: number, ids: readonly NodeId[]): readonly Participant[] => {
    const key = `${kind} ${slot}`;
    const list = lists.get(key) ?? ids.map((id) => byId.get(id)!);
    lists.set(key, list);
    return list;
  };
  view.replicasOf = (slot) => listOf("replicas", slot, plan.replicasOf(slot));
  view.fallbacksOf = (slot) => listOf("fallbacks", slot, plan.fallbacksOf(slot));
}

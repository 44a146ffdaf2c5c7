/**
 * Whether the move under way can come to its end while those are down who are down now. Pure.
 *
 * While it streams it needs whoever is to gain slots, and of each slot so many owners that no write is missed (intake-plan.ts). If
 * one of those is lost for good, it ends only once another takes its place: so that must not wait for it (ADR 12).
 */
import type { Topology } from "../../membership/topology.ts";
import { holdMajorities } from "../../replication/quorum-need.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { departingOf, gainersOf, spanMovesOf } from "./slot-moves.ts";

export function isStuck(topology: Topology, isUp: (id: NodeId) => boolean): boolean {
  if (topology.move?.stage !== "streaming") return false;
  const members = new Map(topology.members.map((member) => [member.id, member]));
  for (const move of spanMovesOf(topology)) {
    const { before } = move;
    const gainers = gainersOf(move);
    if (!gainers.every(isUp)) return true;
    if (gainers.length === 0) continue;
    const owners = before.map((id) => members.get(id)!);
    if (!holdMajorities(owners, before.filter(isUp), departingOf(topology))) return true;
  }
  return false;
}

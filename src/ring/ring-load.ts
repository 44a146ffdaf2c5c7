/** How a ring's load lies: what tests assert and docs/ring.md shows. */
import { fairShares } from "./fair-share.ts";
import { type CopiesByDatacenter, membersByDatacenter, type NodeId, type RingMember } from "./ring-member.ts";
import { createSite } from "./site.ts";
import { SiteRing } from "./site-ring.ts";
import { SLOT_COUNT } from "./slot.ts";

export interface NodeLoad {
  readonly id: NodeId;
  /** Slots that the node holds a copy of, and those of which it is the first replica. */
  readonly slotCount: number;
  readonly firstCount: number;
  /** As many as it should hold: fair-share.ts. */
  readonly fairCount: number;
  readonly fairFirstCount: number;
}

/** By datacenter, then by id. Requires: every member has tokens. */
export function ringLoad(members: readonly RingMember[], copies: CopiesByDatacenter): readonly NodeLoad[] {
  return [...membersByDatacenter(members)].flatMap(([datacenter, group]) => {
    const site = createSite(group, copies.get(datacenter) ?? 0);
    const ring = new SiteRing(site);
    const shares = fairShares(site);
    const weightSum = group.reduce((sum, { weight }) => sum + weight, 0);
    return group.map(({ id, weight }, node) => ({
      id,
      slotCount: ring.loads[node]!,
      firstCount: ring.firstLoads[node]!,
      fairCount: shares[node]! * SLOT_COUNT,
      fairFirstCount: (weight / weightSum) * SLOT_COUNT,
    }));
  });
}

/** Load of the most loaded node over its fair share. */
export function worstRatio(loads: readonly NodeLoad[]): number {
  return Math.max(...loads.map(({ slotCount, fairCount }) => (fairCount === 0 ? 1 : slotCount / fairCount)));
}

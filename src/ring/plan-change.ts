/** What a change of the topology asks nodes to fetch: who gains a copy of which slot, who gives one up. */
import type { PlacementPlan } from "./placement-plan.ts";
import type { NodeId } from "./ring-member.ts";
import { SLOT_COUNT } from "./slot.ts";

export interface SlotChange {
  readonly slot: number;
  /** Who holds a copy after and not before: it is pending until it has streamed the slot. */
  readonly gaining: readonly NodeId[];
  /** Who holds a copy before and not after: it drops the slot once the gaining have it. */
  readonly losing: readonly NodeId[];
}

/** The slots whose replicas are not the same nodes, in order. */
export function planChange(before: PlacementPlan, after: PlacementPlan): readonly SlotChange[] {
  const changes: SlotChange[] = [];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const old = before.replicasOf(slot);
    const next = after.replicasOf(slot);
    const gaining = next.filter((id) => !old.includes(id));
    const losing = old.filter((id) => !next.includes(id));
    if (gaining.length > 0 || losing.length > 0) changes.push({ slot, gaining, losing });
  }
  return changes;
}

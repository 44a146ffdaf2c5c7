/** How many slots each member of a cluster keeps a copy of. */
import type { Cluster } from "../../replication/replica-calls.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";

export interface SlotShare {
  /** Slots that it keeps a copy of. */
  readonly slots: number;
  /** Its part of all copies, 0 to 1. */
  readonly share: number;
}

/** Members without a copy are not in it. */
export function slotShares(view: Pick<Cluster, "replicasOf">): ReadonlyMap<NodeId, SlotShare> {
  const slotsOf = new Map<NodeId, number>();
  let copies = 0;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    for (const { id } of view.replicasOf(slot)) {
      slotsOf.set(id, (slotsOf.get(id) ?? 0) + 1);
      copies++;
    }
  }
  return new Map([...slotsOf].map(([id, slots]) => [id, { slots, share: slots / copies }]));
}

/** Slots that lie together and have the same replicas in the same order. */
import type { Participant } from "../../replication/quorum-need.ts";
import type { Cluster } from "../../replication/replica-calls.ts";
import type { SlotRange } from "../../replication/sweep-message.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";

export interface ReplicatedRange extends SlotRange {
  /** The preference list. */
  readonly replicas: readonly Participant[];
}

/** All slots, in their order. */
export function replicatedRanges(view: Pick<Cluster, "replicasOf">): readonly ReplicatedRange[] {
  const ranges: ReplicatedRange[] = [];
  let first = 0;
  let replicas = view.replicasOf(0);
  for (let slot = 1; slot < SLOT_COUNT; slot++) {
    const next = view.replicasOf(slot);
    if (areSame(next, replicas)) continue;
    ranges.push({ first, last: slot - 1, replicas });
    first = slot;
    replicas = next;
  }
  ranges.push({ first, last: SLOT_COUNT - 1, replicas });
  return ranges;
}

function areSame(a: readonly Participant[], b: readonly Participant[]): boolean {
  return a === b || (a.length === b.length && a.every(({ id }, i) => id === b[i]!.id));
}

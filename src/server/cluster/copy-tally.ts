/** How many copies of the slots are with members that are up, as this node sees it. */
import type { Cluster } from "../../replication/replica-calls.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";

export interface CopyTally {
  /** Of each slot, at most: fewer than are wished for where there are fewer machines. */
  readonly copies: number;
  readonly copiesWished: number;
  readonly slots: number;
  /** Slots of which not all copies are with members that are up, and of which fewer than a majority are. */
  readonly slotsShort: number;
  readonly slotsWithoutQuorum: number;
  /** Copies that are up, of the slot that has the fewest. */
  readonly fewestUp: number;
}

export function tallyCopies(view: Pick<Cluster, "replicasOf" | "isUp">, copiesWished: number): CopyTally {
  let copies = 0;
  let slotsShort = 0;
  let slotsWithoutQuorum = 0;
  let fewestUp = Number.POSITIVE_INFINITY;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const replicas = view.replicasOf(slot);
    const count = replicas.length;
    let up = 0;
    for (let i = 0; i < count; i++) if (view.isUp(replicas[i]!.id)) up++;
    copies = Math.max(copies, count);
    fewestUp = Math.min(fewestUp, up);
    if (up < count) slotsShort++;
    if (2 * up <= count) slotsWithoutQuorum++;
  }
  return { copies, copiesWished, slots: SLOT_COUNT, slotsShort, slotsWithoutQuorum, fewestUp };
}

/** Of a node alone. */
export const SOLE_COPY: CopyTally = {
  copies: 1,
  copiesWished: 1,
  slots: SLOT_COUNT,
  slotsShort: 0,
  slotsWithoutQuorum: 0,
  fewestUp: 1,
};

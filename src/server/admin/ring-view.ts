/** `/api/ring`: who has which tokens, now and once the move under way is over. */
import { copiesNext, ringMembersNext, type Topology } from "../../membership/topology.ts";
import { PlacementPlan } from "../../ring/placement-plan.ts";
import type { RingMember } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import { memberNames } from "../cluster/member-names.ts";
import { clusterStatus } from "../commands/kv-status.ts";
import type { Server } from "../server.ts";

interface RingMemberView {
  readonly id: string;
  readonly name: string;
  /** Slots where its virtual nodes stand, rising. */
  readonly tokens: readonly number[];
  /** Its part of all copies, 0 to 1. */
  readonly share: number;
  /** Slots of which it keeps a copy. */
  readonly slots: number;
}

export interface RingView {
  readonly slots: number;
  readonly epoch: number;
  readonly members: readonly RingMemberView[];
  readonly next: { readonly members: readonly RingMemberView[] } | null;
}

export function ringView(server: Server): RingView {
  const { members, epoch } = clusterStatus(server);
  const names = memberNames(members);
  const topology = server.cluster?.topology;
  const tokensOf = new Map(topology?.members.map(({ id, tokens }) => [id, tokens]));
  const now = members.map(({ id, share, slots }) => ({
    ...{ id, name: names.get(id)!, tokens: tokensOf.get(id) ?? [], share, slots },
  }));
  const next =
    topology?.move === undefined ? null : { members: nextView(topology, ringMembersNext(topology), names) };
  return { slots: SLOT_COUNT, epoch, members: now, next };
}

function nextView(
  topology: Topology,
  members: readonly RingMember[],
  names: ReadonlyMap<string, string>,
): readonly RingMemberView[] {
  const plan = new PlacementPlan(members, copiesNext(topology));
  const slotsOf = new Array<number>(plan.members.length).fill(0);
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    for (let rank = 0; rank < plan.copies; rank++) slotsOf[plan.replicaAt(slot, rank)]!++;
  }
  const copies = slotsOf.reduce((sum, count) => sum + count, 0);
  return plan.members.map(({ id, tokens }, i) => {
    return { id, name: names.get(id) ?? id, tokens, share: slotsOf[i]! / copies, slots: slotsOf[i]! };
  });
}

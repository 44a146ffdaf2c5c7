/**
 * Who keeps which slots, now and after the move under way: computed here from tokens, by the very code with which nodes do.
 */
import { PlacementPlan } from "../../ring/placement-plan.ts";
import type { RingMember } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { Member, RingAnswer, RingOwner, StatusAnswer } from "../api/answers.ts";

/** Slots with one preference list. */
export interface SlotRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
  /** Ids of those that keep a copy, best first. */
  readonly replicas: readonly string[];
  /** Ids of those that do not, and will once the move is over. */
  readonly gainers: readonly string[];
}

export interface Token {
  readonly slot: number;
  readonly id: string;
  /** It comes with the move under way. */
  readonly isComing: boolean;
}

export interface RingPlan {
  /** Rising, without gaps, all slots. */
  readonly ranges: readonly SlotRange[];
  /** Rising. */
  readonly tokens: readonly Token[];
  /** Of each slot. */
  readonly copies: number;
  /** Of all members, to walk from a slot to its replicas. */
  readonly owners: readonly RingOwner[];
}

export function ringPlan(status: StatusAnswer, ring: RingAnswer): RingPlan {
  const alone = ringOfOne(status);
  if (alone !== undefined) return alone;
  const copies = copiesByDatacenter(status);
  const now = new PlacementPlan(ringMembers(status.members, ring.members), copies);
  const next =
    ring.next === null
      ? undefined
      : new PlacementPlan(ringMembers(status.members, ring.next.members), copies);
  return {
    ranges: rangesOf(now, next),
    tokens: tokensOf(ring),
    copies: now.copies,
    owners: ring.members,
  };
}

/** The range of the slot. Requires: ranges as in a plan. */
export function rangeIndexAt(ranges: readonly SlotRange[], slot: number): number {
  let low = 0;
  let high = ranges.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.end < slot) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rangesOf(now: PlacementPlan, next: PlacementPlan | undefined): readonly SlotRange[] {
  const ranges: SlotRange[] = [];
  let start = 0;
  const close = (end: number): void => {
    const replicas = now.replicasOf(start);
    const gainers = next === undefined ? [] : next.replicasOf(start).filter((id) => !replicas.includes(id));
    ranges.push({ start, end, replicas, gainers });
    start = end + 1;
  };
  for (let slot = 1; slot < SLOT_COUNT; slot++) {
    if (!now.isAsBefore(slot) || next?.isAsBefore(slot) === false) close(slot - 1);
  }
  close(SLOT_COUNT - 1);
  return ranges;
}

function tokensOf({ members, next }: RingAnswer): readonly Token[] {
  const tokens = tokensIn(members, false);
  const present = new Set(tokens.map(({ slot, id }) => `${slot} ${id}`));
  const coming = tokensIn(next?.members ?? [], true).filter(({ slot, id }) => !present.has(`${slot} ${id}`));
  return [...tokens, ...coming].sort((a, b) => a.slot - b.slot);
}

function tokensIn(members: readonly RingOwner[], isComing: boolean): readonly Token[] {
  return members.flatMap(({ id, tokens }) => tokens.map((slot) => ({ slot, id, isComing })));
}

function ringMembers(members: readonly Member[], owners: readonly RingOwner[]): readonly RingMember[] {
  const placeOf = new Map(members.map((member) => [member.id, member]));
  return owners.map(({ id, tokens }) => {
    const { datacenter, rack, machine, weight } = placeOf.get(id) ?? UNPLACED;
    return { id, datacenter, rack, machine: machine === "" ? id : machine, weight, tokens };
  });
}

const UNPLACED = { datacenter: "", rack: "", machine: "", weight: 1 };

function copiesByDatacenter({ keyspaces }: StatusAnswer): ReadonlyMap<string, number> {
  const found = keyspaces.find(({ name }) => name === "default");
  return new Map(Object.entries(found?.copiesByDatacenter ?? {}));
}

/** A node alone has no tokens: it keeps everything. */
function ringOfOne({ clusterId, members, self }: StatusAnswer): RingPlan | undefined {
  if (clusterId !== null) return undefined;
  const last = SLOT_COUNT - 1;
  const range = { start: 0, end: last, replicas: [self], gainers: [] };
  const owners = members.map(({ id }) => ({ id, name: id, tokens: [last] }));
  return { ranges: [range], tokens: [], copies: 1, owners };
}

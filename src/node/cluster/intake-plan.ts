/**
 * Which slots a node that gains them fetches from whom, next. Pure: what was fetched comes in, what to fetch comes out.
 *
 *   each slot from one of its owners, shared out evenly     there all of it is moved
 *   then from the others                                    there little is: what the first one lacked
 *
 * Invariant: a slot is filled only once it was fetched from so many of its owners that every write which was acknowledged before
 * the move, at a majority of all or of one datacenter, is at one of them. Writes since then are brought here as well (ADR 12).
 * Who is down is left out, as long as that holds; an acknowledgement of less than a majority may rest on it alone: it is
 * told as missed.
 */
import type { SlotSpan } from "../../anti-entropy/exchange.ts";
import { holdMajorities, type Participant } from "../../replication/quorum-need.ts";
import { compareText, type NodeId } from "../../ring/ring-member.ts";
import type { SlotMove } from "./slot-moves.ts";

export interface Fetch {
  readonly from: NodeId;
  readonly slots: readonly number[];
}

/** Slots of the same owners. */
interface Gained {
  readonly slots: readonly number[];
  readonly owners: readonly Participant[];
  /** Of the owners: those that all of it was fetched from. */
  fetched: readonly NodeId[];
}

/** Of one fetch: more are fetched in parts, so that it shows how far it is. */
const FETCH_SLOTS_MAX = 512;

export class IntakePlan {
  readonly #gained: readonly Gained[];
  readonly #departing: NodeId | undefined;
  readonly #underWay = new Map<Fetch, readonly Gained[]>();

  /** `moves`: those by which this node, `self`, gains a slot. `departing`: who will be no member after the move. */
  constructor(self: NodeId, moves: readonly SlotMove[], members: readonly Participant[], departing?: NodeId) {
    const byId = new Map(members.map((member) => [member.id, member]));
    const byOwners = new Map<string, { slots: number[]; owners: readonly Participant[] }>();
    let last: readonly NodeId[] | undefined;
    let name = "";
    for (const { slot, before } of moves) {
      if (before !== last) name = before.join();
      last = before;
      let group = byOwners.get(name);
      if (group === undefined || group.slots.length === FETCH_SLOTS_MAX) {
        if (group !== undefined) byOwners.set(`${name}/${slot}`, group); // it is full: kept under another name
        group = { slots: [], owners: before.map((id) => byId.get(id)!) };
        byOwners.set(name, group);
      }
      group.slots.push(slot);
    }
    this.#gained = [...byOwners.values()].map((group) => ({
      ...group,
      fetched: group.owners.some(({ id }) => id === self) ? [self] : NOBODY,
    }));
    this.#departing = departing;
  }

  get slotCount(): number {
    return this.#gained.reduce((sum, { slots }) => sum + slots.length, 0);
  }

  /** Slots of which all is here that can be had, and it is enough. */
  slotsDone(isUp: (id: NodeId) => boolean): number {
    return this.#gained.reduce((sum, group) => sum + (this.#isDone(group, isUp) ? group.slots.length : 0), 0);
  }

  /** The part of all there is to fetch that was fetched, 0 to 1, if so much is done of what is being fetched. */
  progress(partUnderWay = 0): number {
    const underWay = [...this.#underWay.values()].flat();
    const coming = partUnderWay * underWay.reduce((sum, { slots }) => sum + slots.length, 0);
    const all = this.#gained.reduce((sum, { slots, owners }) => sum + slots.length * owners.length, 0);
    const done = this.#gained.reduce((sum, { slots, fetched }) => sum + slots.length * fetched.length, 0);
    return all === 0 ? 1 : Math.min(1, (done + coming) / all);
  }

  /** Undefined if nobody who is up has anything that was not fetched yet. */
  next(isUp: (id: NodeId) => boolean): Fetch | undefined {
    const fresh = this.#share(isUp, ({ fetched }) => fetched.length === 0);
    const shares = fresh.size > 0 ? fresh : this.#share(isUp, () => true);
    const [first] = [...shares].sort(([a], [b]) => compareText(a, b));
    if (first === undefined) return undefined;
    const [from, groups] = first;
    const taken: Gained[] = [];
    let count = 0;
    for (const group of groups) {
      if (count > 0 && count + group.slots.length > FETCH_SLOTS_MAX) break;
      taken.push(group);
      count += group.slots.length;
    }
    const fetch = { from, slots: taken.flatMap(({ slots }) => slots).sort((a, b) => a - b) };
    this.#underWay.clear();
    this.#underWay.set(fetch, taken);
    return fetch;
  }

  /** Requires: `next` gave it. */
  onFetched(fetch: Fetch): void {
    for (const group of this.#underWay.get(fetch)!) {
      if (!group.fetched.includes(fetch.from)) group.fetched = [...group.fetched, fetch.from];
    }
    this.#underWay.clear();
  }

  /** True if all is fetched that can be had, and it is enough. */
  isFilled(isUp: (id: NodeId) => boolean): boolean {
    return this.#gained.every((group) => this.#isDone(group, isUp));
  }

  /** Owners that not all their slots were fetched from. */
  get missed(): readonly NodeId[] {
    const missed = new Set<NodeId>();
    for (const { owners, fetched } of this.#gained) {
      for (const { id } of owners) if (!fetched.includes(id)) missed.add(id);
    }
    return [...missed].sort(compareText);
  }

  /** Each of the groups wanted goes to that of its owners which has been given the fewest so far, or to all if it has some already. */
  #share(
    isUp: (id: NodeId) => boolean,
    isWanted: (group: Gained) => boolean,
  ): ReadonlyMap<NodeId, readonly Gained[]> {
    const shares = new Map<NodeId, Gained[]>();
    for (const group of this.#gained) {
      if (!isWanted(group)) continue;
      const left = group.owners.map(({ id }) => id).filter((id) => isUp(id) && !group.fetched.includes(id));
      if (left.length === 0) continue;
      const to = group.fetched.length === 0 ? [leastGiven(shares, left)] : left;
      for (const id of to) shares.set(id, [...(shares.get(id) ?? []), group]);
    }
    return shares;
  }

  #isDone({ owners, fetched }: Gained, isUp: (id: NodeId) => boolean): boolean {
    const isLeft = ({ id }: Participant): boolean => isUp(id) && !fetched.includes(id);
    return holdMajorities(owners, fetched, this.#departing) && !owners.some(isLeft);
  }
}

/** Slots that follow each other, as spans. `slots` rise. */
export function spansOf(slots: readonly number[]): readonly SlotSpan[] {
  const spans: { first: number; last: number }[] = [];
  for (const slot of slots) {
    const last = spans.at(-1);
    if (last !== undefined && last.last === slot - 1) last.last = slot;
    else spans.push({ first: slot, last: slot });
  }
  return spans;
}

function leastGiven(shares: ReadonlyMap<NodeId, readonly Gained[]>, ids: readonly NodeId[]): NodeId {
  const given = (id: NodeId): number =>
    (shares.get(id) ?? []).reduce((sum, { slots }) => sum + slots.length, 0);
  return ids.reduce((least, id) => (given(id) < given(least) ? id : least));
}

const NOBODY: readonly NodeId[] = [];

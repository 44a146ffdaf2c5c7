/**
 * Which slots a node that gains them fetches from whom, next. Pure: what was fetched comes in, what to fetch comes out.
 *
 *   each slot from one of its owners, shared out evenly     there all of it is moved
 *   then from the others                                    there little is: what the first one lacked
 *
 * Invariant: a slot is filled only once it was fetched from so many of its owners that every write which was acknowledged before
 * the move, at a majority, is at one of them. Writes since then are brought here as well (ADR 12).
 * Who is down is left out, as long as that holds; an acknowledgement of less than a majority may rest on it alone: it is
 * told as missed.
 */
import { missingMachines, type Participant, quorumNeed } from "../../replication/quorum-need.ts";
import { compareText, type NodeId } from "../../ring/ring-member.ts";
import type { SlotMove } from "./slot-moves.ts";

export interface SlotSpan {
  readonly first: number;
  readonly last: number;
}

export interface Fetch {
  readonly from: NodeId;
  readonly slots: readonly number[];
}

interface Gained {
  readonly slot: number;
  readonly owners: readonly Participant[];
  /** Of the owners: those that it was fetched from. */
  fetched: readonly NodeId[];
}

export class IntakePlan {
  readonly #gained: readonly Gained[];
  readonly #datacenter: string;

  /** `moves`: those by which this node gains a slot. */
  constructor(moves: readonly SlotMove[], members: readonly Participant[], datacenter: string) {
    const byId = new Map(members.map((member) => [member.id, member]));
    const shared = new Map<readonly NodeId[], readonly Participant[]>();
    const ownersOf = (ids: readonly NodeId[]): readonly Participant[] => {
      const present = shared.get(ids) ?? ids.map((id) => byId.get(id)!);
      shared.set(ids, present);
      return present;
    };
    this.#gained = moves.map(({ slot, before }) => ({ slot, owners: ownersOf(before), fetched: NOBODY }));
    this.#datacenter = datacenter;
  }

  get slotCount(): number {
    return this.#gained.length;
  }

  /** Slots of which enough has been fetched. */
  get filledCount(): number {
    return this.#gained.reduce((count, slot) => count + (this.#isEnough(slot) ? 1 : 0), 0);
  }

  /** Undefined if nobody who is up has anything that was not fetched yet. */
  next(isUp: (id: NodeId) => boolean): Fetch | undefined {
    const fresh = new Map<NodeId, number[]>();
    const rest = new Map<NodeId, number[]>();
    for (const { slot, owners, fetched } of this.#gained) {
      const left = owners.map(({ id }) => id).filter((id) => isUp(id) && !fetched.includes(id));
      if (left.length === 0) continue;
      if (fetched.length === 0) noteSlot(fresh, leastAsked(fresh, left), slot);
      else for (const id of left) noteSlot(rest, id, slot);
    }
    const [first] = [...(fresh.size > 0 ? fresh : rest)].sort(([a], [b]) => compareText(a, b));
    return first && { from: first[0], slots: first[1] };
  }

  onFetched({ from, slots }: Fetch): void {
    const done = new Set(slots);
    for (const gained of this.#gained) {
      if (done.has(gained.slot) && !gained.fetched.includes(from)) gained.fetched = [...gained.fetched, from];
    }
  }

  /** True if all is fetched that can be had, and it is enough. */
  isFilled(isUp: (id: NodeId) => boolean): boolean {
    return this.filledCount === this.slotCount && this.next(isUp) === undefined;
  }

  /** Owners that not all their slots were fetched from. */
  get missed(): readonly NodeId[] {
    const missed = new Set<NodeId>();
    for (const { owners, fetched } of this.#gained) {
      for (const { id } of owners) if (!fetched.includes(id)) missed.add(id);
    }
    return [...missed].sort(compareText);
  }

  #isEnough({ owners, fetched }: Gained): boolean {
    const result = quorumNeed("quorum", owners, this.#datacenter);
    if (result.kind === "impossible") return true; // nobody kept a copy
    return (
      missingMachines(
        result.need,
        owners.filter(({ id }) => fetched.includes(id)),
      ) === 0
    );
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

function leastAsked(asked: ReadonlyMap<NodeId, readonly number[]>, ids: readonly NodeId[]): NodeId {
  return ids.reduce((least, id) =>
    (asked.get(id)?.length ?? 0) < (asked.get(least)?.length ?? 0) ? id : least,
  );
}

function noteSlot(slots: Map<NodeId, number[]>, id: NodeId, slot: number): void {
  const present = slots.get(id);
  if (present === undefined) slots.set(id, [slot]);
  else present.push(slot);
}

const NOBODY: readonly NodeId[] = [];

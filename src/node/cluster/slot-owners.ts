/**
 * Who else keeps each slot by the present topology, and which slots this node keeps no copy of. Asked for all slots again and
 * again: worked out once per topology. Slots of the same owners have the same list, so that whoever goes through them may
 * tell by it that nothing has changed.
 */
import type { OwnedSpan } from "../../anti-entropy/collection.ts";
import type { SlotSpan } from "../../anti-entropy/exchange.ts";
import type { Participant } from "../../replication/quorum-need.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { ClusterView } from "./cluster-view.ts";

type View = Pick<ClusterView, "self" | "epoch" | "owns" | "replicasOf">;

export class SlotOwners {
  readonly #view: View;
  #epoch = -1;
  readonly #others = new Map<readonly Participant[], readonly NodeId[]>();
  #foreignSlots: Uint16Array | undefined;
  #runs: readonly OwnedSpan[] | undefined;
  /** By slot, 1 for those that are not foreign. */
  #kept: Uint8Array | undefined;

  constructor(view: View) {
    this.#view = view;
  }

  /** Whom reads of the slot ask, but for this node. */
  othersOf(slot: number): readonly NodeId[] {
    this.#look();
    const replicas = this.#view.replicasOf(slot);
    let others = this.#others.get(replicas);
    if (others === undefined) {
      others = replicas.map(({ id }) => id).filter((id) => id !== this.#view.self.id);
      this.#others.set(replicas, others);
    }
    return others;
  }

  /** Those slots, each once for every time that it is among them, by who else keeps them. */
  *within(spans: Iterable<SlotSpan>): Iterable<OwnedSpan> {
    this.#look();
    this.#runs ??= this.#findRuns();
    for (const { first, last } of spans) {
      for (let i = indexOfRun(this.#runs, first); i < this.#runs.length; i++) {
        const run = this.#runs[i]!;
        if (run.first > last) break;
        yield { first: Math.max(first, run.first), last: Math.min(last, run.last), others: run.others };
      }
    }
  }

  /** Those that this node neither keeps nor shall. */
  get foreignSlots(): Uint16Array {
    this.#look();
    this.#foreignSlots ??= this.#findForeign();
    return this.#foreignSlots;
  }

  #look(): void {
    const { epoch } = this.#view;
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#others.clear();
    this.#foreignSlots = undefined;
    this.#runs = undefined;
    this.#kept = undefined;
  }

  #findRuns(): readonly OwnedSpan[] {
    const runs: OwnedSpan[] = [];
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const first = slot;
      const others = this.othersOf(slot);
      while (slot + 1 < SLOT_COUNT && this.othersOf(slot + 1) === others) slot++;
      runs.push({ first, last: slot, others });
    }
    return runs;
  }

  /** Those of which the other one keeps a copy. */
  sharedWith(id: NodeId, spans: Iterable<SlotSpan>): readonly SlotSpan[] {
    const shared: SlotSpan[] = [];
    for (const { first, last, others } of this.within(spans))
      if (others.includes(id)) shared.push({ first, last });
    return shared;
  }

  /** True if this node keeps all of them, or shall. */
  keepsAll(spans: Iterable<SlotSpan>): boolean {
    const kept = this.#keptSlots();
    for (const { first, last } of spans)
      for (let slot = first; slot <= last; slot++) if (kept[slot] === 0) return false;
    return true;
  }

  #keptSlots(): Uint8Array {
    this.#look();
    if (this.#kept === undefined) {
      this.#kept = new Uint8Array(SLOT_COUNT).fill(1);
      for (const slot of this.foreignSlots) this.#kept[slot] = 0;
    }
    return this.#kept;
  }

  #findForeign(): Uint16Array {
    const slots: number[] = [];
    for (let slot = 0; slot < SLOT_COUNT; slot++)
      if (!this.#view.owns(this.#view.self.id, slot)) slots.push(slot);
    return Uint16Array.from(slots);
  }
}

/** Of the run that the slot is in. */
function indexOfRun(runs: readonly OwnedSpan[], slot: number): number {
  let [low, high] = [0, runs.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle]!.last < slot) low = middle + 1;
    else high = middle;
  }
  return low;
}

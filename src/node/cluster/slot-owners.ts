/**
 * Who else keeps each slot by the present topology, and which slots this node keeps no copy of. Asked for all slots again and
 * again: worked out once per topology. Slots of the same owners have the same list, so that whoever goes through them may
 * tell by it that nothing has changed.
 */
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
  }

  #findForeign(): Uint16Array {
    const slots: number[] = [];
    for (let slot = 0; slot < SLOT_COUNT; slot++)
      if (!this.#view.owns(this.#view.self.id, slot)) slots.push(slot);
    return Uint16Array.from(slots);
  }
}

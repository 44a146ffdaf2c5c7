/** Which slots this node and another both keep, or shall, by the present topology. Worked out once for each of the others. */
import type { SlotSpan } from "../../anti-entropy/exchange.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { ClusterView } from "./cluster-view.ts";

export type SharedSlotsView = Pick<ClusterView, "self" | "epoch" | "owns" | "starts">;

export class SharedSlots {
  readonly #view: SharedSlotsView;
  #epoch = -1;
  readonly #byNode = new Map<NodeId, Uint8Array>();

  constructor(view: SharedSlotsView) {
    this.#view = view;
  }

  /** Per slot, 1 if both keep it. */
  with(id: NodeId): Uint8Array {
    if (this.#epoch !== this.#view.epoch) {
      this.#byNode.clear();
      this.#epoch = this.#view.epoch;
    }
    let shared = this.#byNode.get(id);
    if (shared === undefined) {
      shared = this.#find(id);
      this.#byNode.set(id, shared);
    }
    return shared;
  }

  /** Those within `asked`, as spans: rising, without overlap. */
  spansWith(id: NodeId, asked: SlotSpan): readonly SlotSpan[] {
    const shared = this.with(id);
    return spansOf((slot) => shared[slot] === 1, asked);
  }

  #find(id: NodeId): Uint8Array {
    const { self, starts } = this.#view;
    const shared = new Uint8Array(SLOT_COUNT);
    starts.forEach((slot, i) => {
      const areShared = this.#view.owns(self.id, slot) && this.#view.owns(id, slot);
      if (areShared) shared.fill(1, slot, starts[i + 1] ?? SLOT_COUNT);
    });
    return shared;
  }
}

/** Slots within `asked` that are wanted, as spans: rising, without overlap. */
export function spansOf(
  isWanted: (slot: number) => boolean,
  asked: SlotSpan = { first: 0, last: SLOT_COUNT - 1 },
): readonly SlotSpan[] {
  const spans: SlotSpan[] = [];
  for (let slot = asked.first; slot <= asked.last; slot++) {
    if (!isWanted(slot)) continue;
    const first = slot;
    while (slot < asked.last && isWanted(slot + 1)) slot++;
    spans.push({ first, last: slot });
  }
  return spans;
}

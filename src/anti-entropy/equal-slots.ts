/** Slots by what was known to be seen of them: few groups, for most slots know alike. */
import type { VersionVector } from "../causality/version-vector.ts";
import type { EqualSlots } from "./agreement-message.ts";
import type { SlotSpan } from "./exchange.ts";

/** Slots of those spans, by the very vectors that they have. */
export function equalGroups(
  spans: readonly SlotSpan[],
  seen: readonly VersionVector[],
): readonly EqualSlots[] {
  const groups = new SlotGroups();
  for (const { first, last } of spans)
    for (let slot = first; slot <= last; slot++) groups.add(slot, seen[slot]!);
  return groups.all();
}

/** Gathers slots one by one. */
export class SlotGroups {
  readonly #groups = new Map<VersionVector, { first: number; last: number }[]>();
  #vector: VersionVector | undefined;
  #span = { first: 0, last: 0 };

  /** Slots that follow one another cost least. */
  add(slot: number, vector: VersionVector): void {
    if (this.#vector === vector && this.#span.last === slot - 1) {
      this.#span.last = slot;
      return;
    }
    this.#vector = vector;
    this.#span = { first: slot, last: slot };
    const spans = this.#groups.get(vector);
    if (spans === undefined) this.#groups.set(vector, [this.#span]);
    else spans.push(this.#span);
  }

  all(): readonly EqualSlots[] {
    return [...this.#groups].map(([seen, spans]) => ({ seen, spans }));
  }
}

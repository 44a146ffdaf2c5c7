/** Slots that were found equal, by what was known to be seen of them: few groups, for most slots know alike. */
import type { VersionVector } from "../causality/version-vector.ts";
import type { EqualSlots } from "./agreement-message.ts";

/** Requires: slots rise. */
export function equalGroups(slots: readonly number[], seen: readonly VersionVector[]): readonly EqualSlots[] {
  const groups = new Map<VersionVector, { first: number; last: number }[]>();
  for (const slot of slots) {
    const vector = seen[slot]!;
    if (!groups.has(vector)) groups.set(vector, []);
    const spans = groups.get(vector)!;
    if (spans.at(-1)?.last === slot - 1) spans.at(-1)!.last = slot;
    else spans.push({ first: slot, last: slot });
  }
  return [...groups].map(([vector, spans]) => ({ seen: vector, spans }));
}

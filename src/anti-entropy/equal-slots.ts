/** Slots that were found equal, by what was known to be seen of them: few groups, for most slots know alike. */
import type { VersionVector } from "../causality/version-vector.ts";
import type { EqualSlots } from "./agreement-message.ts";

/** Requires: slots rise. */
export function equalGroups(slots: readonly number[], seen: readonly VersionVector[]): readonly EqualSlots[] {
  const groups = new Map<VersionVector, { first: number; last: number }[]>();
  let latest: { readonly vector: VersionVector; readonly span: { last: number } } | undefined;
  for (const slot of slots) {
    const vector = seen[slot]!;
    if (latest?.vector === vector && latest.span.last === slot - 1) {
      latest.span.last = slot;
      continue;
    }
    if (!groups.has(vector)) groups.set(vector, []);
    const span = { first: slot, last: slot };
    groups.get(vector)!.push(span);
    latest = { vector, span };
  }
  return [...groups].map(([vector, spans]) => ({ seen: vector, spans }));
}

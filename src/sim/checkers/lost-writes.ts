/**
 * No acknowledged write is lost: when all is over, each is there, or was replaced or deleted by a write that may have
 * seen it, which is there in its turn.
 *
 * Finds: hints dropped, syncs that did not happen, replicas that forget, merges that drop a sibling, an older value come
 * back over a newer one. Misses a write among others that overlap it, each of which may have replaced it.
 */

import type { Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";
import { deedsByKey } from "./deed.ts";
import { finalCell, valuesIn } from "./final-state.ts";
import { Superseding } from "./superseding.ts";

export const lostWrites: Checker = {
  name: "lost-writes",
  promise: "no acknowledged write is lost",
  check({ operations }, aftermath) {
    const violations: Violation[] = [];
    for (const [key, deeds] of deedsByKey(operations)) {
      const cell = finalCell(aftermath, key);
      if (cell === undefined) continue;
      const alive = valuesIn(cell);
      const superseding = new Superseding(deeds);
      for (const deed of deeds) {
        const { change, isAcked, operation, endedAtMs } = deed;
        if (!isAcked || change?.kind !== "put" || violations.length === VIOLATIONS_MAX) continue;
        if (superseding.isAccountedFor(deed, alive, aftermath.takenAtMs)) continue;
        const found = alive.size === 0 ? "nothing" : [...alive].join(", ");
        violations.push({
          checker: "lost-writes",
          message: `${operation.command.join(" ")} was acknowledged and nothing can have replaced it; there is ${found}`,
          key,
          operations: [operation.index],
          atMs: endedAtMs,
        });
      }
    }
    return violations;
  },
};

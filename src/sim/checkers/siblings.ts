/**
 * What is kept beside each other was written, and not replaced: no sibling is invented, and none stays, or comes back,
 * that an acknowledged KV.PUT or KV.DEL has replaced by its context.
 *
 * Finds: merges that ignore the context, dots used twice, contexts that go astray. (That none is lost: lost-writes.ts.)
 */
import type { Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";
import { type Deed, deedsByKey } from "./deed.ts";
import { finalCell, valuesIn } from "./final-state.ts";
import { Superseding } from "./superseding.ts";

export const siblings: Checker = {
  name: "siblings",
  promise: "no sibling is invented, and none stays that was replaced",
  check({ operations, promises }, aftermath) {
    const violations: Violation[] = [];
    for (const [key, deeds] of deedsByKey(operations)) {
      violations.push(...inventedIn(key, deeds));
      const superseding = new Superseding(deeds);
      const cell = finalCell(aftermath, key);
      if (cell !== undefined) {
        for (const value of valuesIn(cell)) {
          const replacer = deeds.find((deed) => superseding.hasSeen(deed, value));
          if (replacer !== undefined)
            violations.push(stays(key, value, replacer, aftermath.takenAtMs, "at the end"));
        }
      }
      if (promises.readsSeeWrites) violations.push(...staleReads(key, deeds, superseding));
      if (violations.length >= VIOLATIONS_MAX) break;
    }
    return violations.slice(0, VIOLATIONS_MAX);
  },
};

/** Values shown that nobody wrote, or not before they were shown. Counters and appended values are sums of writes. */
function inventedIn(key: string, deeds: readonly Deed[]): Violation[] {
  if (deeds.some(({ change }) => change?.kind === "add" || change?.kind === "append")) return [];
  const writers = new Map<string, Deed>();
  for (const deed of deeds) if (deed.change?.kind === "put") writers.set(deed.change.value, deed);
  const violations: Violation[] = [];
  for (const { shown = [], operation, endedAtMs } of deeds) {
    for (const value of shown) {
      const writer = writers.get(value);
      if (writer !== undefined && writer.invokedAtMs <= endedAtMs) continue;
      const message = `${operation.command.join(" ")} showed ${value}, which nobody had written`;
      violations.push({ checker: "siblings", message, key, operations: [operation.index], atMs: endedAtMs });
    }
  }
  return violations;
}

/** Of reads that began once the replacement was acknowledged. */
function staleReads(key: string, deeds: readonly Deed[], superseding: Superseding): Violation[] {
  const violations: Violation[] = [];
  for (const { name, shown, operation, invokedAtMs, isLevelled } of deeds) {
    if (name !== "KV.GET" || isLevelled || shown === undefined) continue;
    for (const value of shown) {
      const replacer = deeds.find(
        (deed) => !deed.isLevelled && deed.endedAtMs < invokedAtMs && superseding.hasSeen(deed, value),
      );
      if (replacer === undefined) continue;
      violations.push(stays(key, value, replacer, invokedAtMs, `in operation ${operation.index}`));
    }
  }
  return violations;
}

function stays(key: string, value: string, { operation }: Deed, atMs: number, where: string): Violation {
  const message = `${value} is there ${where}, though operation ${operation.index} had replaced it`;
  return { checker: "siblings", message, key, operations: [operation.index], atMs };
}

/**
 * What is kept beside each other was written, and not replaced: no sibling is invented, and none stays, or comes back,
 * that an acknowledged KV.PUT or KV.DEL has replaced by its context.
 *
 * Finds: merges that ignore the context, dots used twice, contexts that go astray. (That none is lost: lost-writes.ts.)
 */
import { toText } from "../../base/bytes.ts";
import { decodeContextToken } from "../../causality/context-token.ts";
import { type Dot, equalDots } from "../../causality/dot.ts";
import { covers } from "../../causality/version-vector.ts";
import type { Aftermath, Promises, Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";
import { type Deed, deedsByKey } from "./deed.ts";
import { finalCell } from "./final-state.ts";
import { Superseding } from "./superseding.ts";

export const siblings: Checker = {
  name: "siblings",
  promise: "no sibling is invented, and none stays that was replaced",
  check({ operations, promises }, aftermath) {
    const violations: Violation[] = [];
    for (const [key, deeds] of deedsByKey(operations)) {
      violations.push(...inventedIn(key, deeds));
      const superseding = new Superseding(deeds);
      violations.push(...staysAtTheEnd(key, deeds, aftermath, promises));
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

/**
 * By dots: one value may have several, where a SET was passed on twice, and whoever has seen the one replaces only that.
 */
function staysAtTheEnd(
  key: string,
  deeds: readonly Deed[],
  aftermath: Aftermath,
  { readsSeeWrites }: Promises,
): Violation[] {
  const cell = finalCell(aftermath, key);
  const violations: Violation[] = [];
  for (const sibling of cell?.siblings ?? []) {
    if (sibling.kind !== "value") continue;
    const replacer = deeds.find(
      (deed) => deed.isAcked && coversDot(deed, sibling.dot, readsSeeWrites && !deed.isLevelled),
    );
    if (replacer === undefined) continue;
    violations.push(stays(key, toText(sibling.payload), replacer, aftermath.takenAtMs, "at the end"));
  }
  return violations;
}

/** A dot that stands alone in the context is replaced only where it is known: at a replica that reads see. */
function coversDot({ change }: Deed, dot: Dot, alsoAlone: boolean): boolean {
  if (change === undefined || !("context" in change) || !change.context) return false;
  const { context, dots = [] } = decodeContextToken(change.context);
  return covers(context, dot) || (alsoAlone && dots.some((own) => equalDots(own, dot)));
}

/** Of reads that began once the replacement was acknowledged. */
function staleReads(key: string, deeds: readonly Deed[], superseding: Superseding): Violation[] {
  const violations: Violation[] = [];
  for (const { name, shown, operation, invokedAtMs, isLevelled } of deeds) {
    if (name !== "KV.GET" || isLevelled || shown === undefined) continue;
    for (const value of shown) {
      if (
        deeds.some(
          (deed) => deed.name === "SET" && deed.change?.kind === "put" && deed.change.value === value,
        )
      )
        continue;
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

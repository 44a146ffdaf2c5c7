/**
 * Counters are exact: at the end one shows the sum of all that was acknowledged, plus some of what may have been applied;
 * so does each read of all that had been acknowledged before, plus some of what was under way.
 *
 * Finds: increments lost or counted twice, runs that a merge tears, dots used twice after a crash.
 */
import type { Aftermath, History, Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";
import { type Deed, deedsByKey } from "./deed.ts";
import { finalCell, shownIn } from "./final-state.ts";

export const counters: Checker = {
  name: "counters",
  promise: "counters count every acknowledged change once, and every unknown one at most once",
  check(history, aftermath) {
    const violations: Violation[] = [];
    for (const [key, deeds] of deedsByKey(history.operations)) {
      if (!deeds.some(({ change }) => change?.kind === "add")) continue;
      if (deeds.some(({ change }) => change !== undefined && change.kind !== "add")) continue;
      violations.push(...wrongAtTheEnd(key, deeds, aftermath), ...wrongReads(key, deeds, history));
      if (violations.length >= VIOLATIONS_MAX) break;
    }
    return violations.slice(0, VIOLATIONS_MAX);
  },
};

function wrongAtTheEnd(key: string, deeds: readonly Deed[], aftermath: Aftermath): Violation[] {
  const cell = finalCell(aftermath, key);
  if (cell === undefined) return [];
  const latestMs = Math.max(...aftermath.wallMs.values());
  const count = BigInt(shownIn(cell, latestMs)[0] ?? "0");
  const sure = deeds.filter(({ isAcked }) => isAcked).reduce(plus, 0n);
  const unsure = deeds.filter(({ isAcked, change }) => !isAcked && change !== undefined);
  if (isReachable(count - sure, unsure)) return [];
  const about = unsure.length === 0 ? "" : `, and ${unsure.length} of unknown outcome`;
  const message = `it is ${count} at the end, where ${sure} was acknowledged${about}`;
  const operations = unsure.map(({ operation }) => operation.index);
  return [{ checker: "counters", message, key, operations, atMs: aftermath.takenAtMs }];
}

function wrongReads(key: string, deeds: readonly Deed[], { promises }: History): Violation[] {
  if (!promises.readsSeeWrites) return [];
  const violations: Violation[] = [];
  for (const read of deeds) {
    // What an increment answers is its coordinator's view: a concurrent one may already be part of it, or not.
    if (read.shown === undefined || read.isLevelled || read.change !== undefined) continue;
    const adds = deeds.filter(({ change }) => change !== undefined);
    const sure = adds.filter(({ endedAtMs, isLevelled }) => endedAtMs < read.invokedAtMs && !isLevelled);
    const unsure = adds.filter((deed) => !sure.includes(deed) && deed.invokedAtMs <= read.endedAtMs);
    const count = BigInt(read.shown[0] ?? "0");
    const sum = sure.reduce(plus, 0n);
    if (isReachable(count - sum, unsure)) continue;
    const message = `operation ${read.operation.index} read ${count}, where ${sum} was acknowledged before`;
    const operations = [read.operation.index];
    violations.push({ checker: "counters", message, key, operations, atMs: read.endedAtMs });
  }
  return violations;
}

function plus(sum: bigint, { change }: Deed): bigint {
  return change?.kind === "add" ? sum + change.by : sum;
}

const SUMS_MAX = 10_000;

/** True if some of these add up to that. */
function isReachable(amount: bigint, deeds: readonly Deed[]): boolean {
  let sums = new Set([0n]);
  let [least, most] = [0n, 0n];
  for (const { change } of deeds) {
    if (change?.kind !== "add") continue;
    if (change.by < 0n) least += change.by;
    else most += change.by;
    if (sums.size <= SUMS_MAX) sums = new Set([...sums, ...[...sums].map((sum) => sum + change.by)]);
  }
  return sums.size <= SUMS_MAX ? sums.has(amount) : amount >= least && amount <= most;
}

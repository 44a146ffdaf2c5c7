/**
 * What was deleted or has expired stays so: no read shows a value whose write had ended before a deletion began that was
 * acknowledged before the read; none shows one whose expiry has surely come; and nothing of either is there at the end.
 *
 * Finds: tombstones collected early, expiries reckoned from a copy's arrival, replicas that take back what they had
 * deleted. A deletion looks before it deletes, so it has seen all that was acknowledged before, if reads see writes.
 */
import type { Aftermath, History, Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";
import { type Deed, deedsByKey } from "./deed.ts";
import { finalCell, shownIn } from "./final-state.ts";

export const resurrection: Checker = {
  name: "resurrection",
  promise: "what was deleted or has expired stays so",
  check(history, aftermath) {
    const violations: Violation[] = [];
    for (const [key, deeds] of deedsByKey(history.operations)) {
      for (const look of looksAt(key, deeds, history, aftermath)) {
        for (const value of look.values) {
          const written = deeds.find(({ change }) => change?.kind === "put" && change.value === value);
          if (written === undefined) continue;
          const gone =
            deletionBefore(look, written, deeds, history) ?? expiryBefore(look, written, deeds, history);
          if (gone === undefined) continue;
          const message = `${value} ${look.where} is back: ${gone.why}`;
          const operations = [written.operation.index, ...gone.operations, ...look.operations];
          violations.push({ checker: "resurrection", message, key, operations, atMs: look.atMs });
        }
      }
      if (violations.length >= VIOLATIONS_MAX) break;
    }
    return violations.slice(0, VIOLATIONS_MAX);
  },
};

interface Look {
  readonly values: readonly string[];
  readonly atMs: number;
  readonly where: string;
  readonly operations: readonly number[];
}

interface Gone {
  readonly why: string;
  readonly operations: readonly number[];
}

function looksAt(key: string, deeds: readonly Deed[], { promises }: History, aftermath: Aftermath): Look[] {
  const looks: Look[] = [];
  for (const { shown, invokedAtMs, operation, isLevelled } of promises.readsSeeWrites ? deeds : []) {
    if (shown === undefined || isLevelled) continue;
    const where = `in operation ${operation.index}`;
    looks.push({ values: shown, atMs: invokedAtMs, where, operations: [operation.index] });
  }
  const cell = finalCell(aftermath, key);
  if (cell === undefined) return looks;
  const latestMs = Math.max(...aftermath.wallMs.values());
  const values = shownIn(cell, latestMs);
  return [...looks, { values, atMs: aftermath.takenAtMs, where: "at the end", operations: [] }];
}

function deletionBefore(
  { atMs }: Look,
  written: Deed,
  deeds: readonly Deed[],
  { promises }: History,
): Gone | undefined {
  if (!promises.readsSeeWrites || !written.isAcked || written.isLevelled) return undefined;
  const deletion = deeds.find(
    ({ change, isAcked, isLevelled, invokedAtMs, endedAtMs }) =>
      change?.kind === "delete" &&
      change.context === undefined &&
      isAcked &&
      !isLevelled &&
      invokedAtMs > written.endedAtMs &&
      endedAtMs < atMs,
  );
  if (deletion === undefined) return undefined;
  const { index } = deletion.operation;
  return { why: `operation ${index} had deleted it`, operations: [index] };
}

/** Clocks are only known to err by so much; without that there is no telling when a value must have expired. */
function expiryBefore(
  { atMs }: Look,
  written: Deed,
  deeds: readonly Deed[],
  { promises: { clockErrorMsMax } }: History,
): Gone | undefined {
  const { change } = written;
  if (clockErrorMsMax === undefined || change?.kind !== "put" || change.ttlMs === undefined) return undefined;
  let latestMs = written.endedAtMs + change.ttlMs;
  for (const deed of deeds) {
    if (deed.change?.kind !== "renew" || deed.endedAtMs < written.invokedAtMs || deed.invokedAtMs > atMs)
      continue;
    latestMs = Math.max(latestMs, deed.endedAtMs + (deed.change.ttlMs ?? Infinity));
  }
  // The clock that stamped it and the clock that reads it may err both ways.
  if (atMs <= latestMs + 2 * clockErrorMsMax) return undefined;
  return { why: `it had expired by ${latestMs}`, operations: [] };
}

/**
 * Operations on one key are as if done one by one, where the settings promise that: checked for keys of plain SET, GET and
 * DEL. (What looks before it writes does not see its like at another replica: there it is only measured.)
 *
 * `measureLinearizability` counts, for any settings, on how many keys no order explains what clients were told.
 */
import type { History, Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";
import { type Deed, deedsByKey } from "./deed.ts";
import { counterModel } from "./linearizability/counter-model.ts";
import { type LinearizationVerdict, linearize } from "./linearizability/linearization-search.ts";
import { registerModel } from "./linearizability/register-model.ts";
import { forgetUnseenValues } from "./linearizability/unseen-values.ts";
import { counterCalls, registerCalls } from "./single-key-calls.ts";

export const linearizable: Checker = {
  name: "linearizable",
  promise: "operations on one key are as if done one by one",
  check({ operations, promises }) {
    if (!promises.isLinearizable) return [];
    const violations: Violation[] = [];
    for (const [key, deeds] of deedsByKey(operations)) {
      if (!deeds.every(isPlain)) continue;
      const verdict = judge(deeds);
      if (verdict?.kind !== "violated") continue;
      violations.push(violationOf(key, verdict));
      if (violations.length === VIOLATIONS_MAX) break;
    }
    return violations;
  },
};

export interface LinearizabilityMeasure {
  readonly keys: number;
  /** Of them, those whose answers no order explains. */
  readonly violated: number;
  /** Given up: too many orders to try. */
  readonly undecided: number;
}

/** Of all keys whose commands a model knows, whatever was promised. */
export function measureLinearizability({ operations }: History): LinearizabilityMeasure {
  const measure = { keys: 0, violated: 0, undecided: 0 };
  for (const deeds of deedsByKey(operations).values()) {
    const verdict = judge(deeds);
    if (verdict === undefined) continue;
    measure.keys++;
    if (verdict.kind === "violated") measure.violated++;
    if (verdict.kind === "undecided") measure.undecided++;
  }
  return measure;
}

const PLAIN = new Set(["GET", "MGET", "SET", "MSET", "DEL", "UNLINK", "EXISTS"]);

function isPlain({ name, change, shown, isLevelled, operation }: Deed): boolean {
  if (isLevelled || !PLAIN.has(name)) return false;
  if (change?.kind === "put" && (change.ttlMs !== undefined || shown !== undefined)) return false;
  return !operation.command.some((word) => word === "NX" || word === "XX");
}

type Judged = LinearizationVerdict & { readonly operations: readonly number[] };

/** Undefined if no model knows all that was done to the key. */
function judge(deeds: readonly Deed[]): Judged | undefined {
  const registers = registerCalls(deeds);
  if (registers !== undefined) {
    const calls = registers.some(({ input }) => input.kind === "append")
      ? registers
      : forgetUnseenValues(registers);
    return { ...linearize(calls, registerModel), operations: registers.map(({ operation }) => operation) };
  }
  const counts = counterCalls(deeds);
  if (counts === undefined) return undefined;
  return { ...linearize(counts, counterModel), operations: counts.map(({ operation }) => operation) };
}

function violationOf(key: string, verdict: Judged): Violation {
  const { around, stuckAt } = verdict as Judged & { kind: "violated" };
  const stuck = verdict.operations[stuckAt]!;
  return {
    checker: "linearizable",
    message: `no order of its operations explains their answers; none gets past operation ${stuck}`,
    key,
    operations: around.map((index) => verdict.operations[index]!),
    atMs: 0,
  };
}

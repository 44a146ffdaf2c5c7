/** What a run has come to, as plain values: to be passed between processes, counted and printed. */
import { type LinearizabilityMeasure, measureLinearizability } from "../checkers/linearizable.ts";
import type { Violation } from "../history/history.ts";
import type { RunResult } from "../world/sim-run.ts";

export interface RunReport {
  readonly seed: string;
  /** In words, what the seed has drawn; empty if nothing. */
  readonly configuration: string;
  readonly simulatedMs: number;
  /** The processor's, of this run. */
  readonly cpuMs: number;
  readonly eventCount: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly operations: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  /** How many keys were as if worked on one by one, promised or not. */
  readonly linearizability: LinearizabilityMeasure;
  readonly logSum: string;
}

export function reportOf(result: RunResult, configuration: string, cpuMs: number): RunReport {
  const { seed, simulatedMs, eventCount, history, violations, logSum, faults } = result;
  const outcomes: Record<string, number> = {};
  for (const { outcome } of history.operations) {
    const kind = outcome?.kind ?? "unanswered";
    outcomes[kind] = (outcomes[kind] ?? 0) + 1;
  }
  return {
    seed,
    configuration,
    simulatedMs,
    cpuMs,
    eventCount,
    faults: Object.fromEntries(faults),
    operations: history.operations.length,
    outcomes,
    violations,
    linearizability: measureLinearizability(history),
    logSum,
  };
}

/** Of a run that did not come to its end. */
export function brokenReport(seed: string, configuration: string, cause: unknown): RunReport {
  const message = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const none = {
    simulatedMs: 0,
    cpuMs: 0,
    eventCount: 0,
    faults: {},
    operations: 0,
    outcomes: {},
    linearizability: { keys: 0, violated: 0, undecided: 0 },
    logSum: "none",
  };
  const violation = { checker: "comes to its end", message, operations: [], atMs: 0 };
  return { seed, configuration, ...none, violations: [violation] };
}

/** Sums up the reports of many runs, and says it in lines for people. */
import type { RunReport } from "./run-report.ts";

const VIOLATIONS_SHOWN = 5;

export class RunSummary {
  readonly #faults = new Map<string, number>();
  readonly #outcomes = new Map<string, number>();
  readonly #violating: string[] = [];
  #seeds = 0;
  #simulatedMs = 0;
  #cpuMs = 0;
  #operations = 0;
  #violations = 0;
  #keys = 0;
  #keysOutOfOrder = 0;
  #keysUndecided = 0;

  get violations(): number {
    return this.#violations;
  }

  get seeds(): number {
    return this.#seeds;
  }

  /** Simulated seconds in one second of a processor. */
  get ratio(): number {
    return this.#cpuMs === 0 ? 0 : this.#simulatedMs / this.#cpuMs;
  }

  add(report: RunReport): void {
    this.#seeds++;
    this.#simulatedMs += report.simulatedMs;
    this.#cpuMs += report.cpuMs;
    this.#operations += report.operations;
    this.#violations += report.violations.length;
    const { keys, violated, undecided } = report.linearizability;
    this.#keys += keys;
    this.#keysOutOfOrder += violated;
    this.#keysUndecided += undecided;
    count(this.#faults, report.faults);
    count(this.#outcomes, report.outcomes);
    if (report.violations.length > 0) this.#violating.push(report.seed);
  }

  lines(): readonly string[] {
    return [
      `seeds       ${this.#seeds}`,
      `simulated   ${duration(this.#simulatedMs)}, ${Math.round(this.ratio)} s in a second of one processor`,
      `faults      ${listed(this.#faults)}`,
      `operations  ${this.#operations}: ${listed(this.#outcomes)}`,
      `one by one  ${this.#keys - this.#keysOutOfOrder - this.#keysUndecided} of ${this.#keys} keys, promised or not${this.#keysUndecided > 0 ? `; ${this.#keysUndecided} undecided` : ""}`,
      `violations  ${this.#violations}${this.#violating.length > 0 ? `, of seeds ${this.#violating.join(" ")}` : ""}`,
    ];
  }
}

/** Of one run: a line, and what was violated. */
export function reportLines(report: RunReport): readonly string[] {
  const { seed, configuration, operations, violations, simulatedMs, cpuMs, logSum } = report;
  const faults = Object.values(report.faults).reduce((a, b) => a + b, 0);
  const ratio = Math.round(simulatedMs / Math.max(1, cpuMs));
  const shown = violations.slice(0, VIOLATIONS_SHOWN);
  const more = violations.length - shown.length;
  return [
    `seed ${seed}${configuration === "" ? "" : ` (${configuration})`}: ${operations} operations, ${faults} faults, ` +
      `${Math.round(simulatedMs / 1000)} s at ${ratio} to 1, log ${logSum}: ` +
      (violations.length === 0 ? "no violation" : `${violations.length} VIOLATIONS`),
    ...shown.map(
      ({ checker, message, operations: shownBy }) =>
        `  ${checker}: ${message}${shownBy.length === 0 ? "" : ` [${shownBy.map((index) => `#${index}`).join(" ")}]`}`,
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function count(sums: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, times] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + times);
}

function listed(counts: ReadonlyMap<string, number>): string {
  if (counts.size === 0) return "none";
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${name} ${times}`)
    .join(", ");
}

function duration(ms: number): string {
  const hours = ms / 3_600_000;
  return hours >= 1 ? `${hours.toFixed(1)} h` : `${(ms / 60_000).toFixed(1)} min`;
}

/**
 * What seeds came to, kept in a file from one run to the next: so that thousands are played bit by bit, and none twice.
 * One line each; the last line may be torn, for whoever plays may be killed.
 *
 *   SEED VIOLATIONS SIMULATED-S CPU-MS COMMIT CONFIGURATION...
 */
import type { RunReport } from "./run-report.ts";

export interface Tally {
  readonly seeds: ReadonlySet<string>;
  readonly violating: readonly string[];
  readonly simulatedMs: number;
  readonly cpuMs: number;
}

export function tallyLine(report: RunReport, commit: string): string {
  const { seed, violations, simulatedMs, cpuMs, configuration } = report;
  return `${seed} ${violations.length} ${Math.round(simulatedMs / 1000)} ${Math.round(cpuMs)} ${commit} ${configuration}\n`;
}

export function readTally(text: string): Tally {
  const seeds = new Set<string>();
  const violating = new Set<string>();
  let simulatedMs = 0;
  let cpuMs = 0;
  for (const line of text.split("\n").slice(0, -1)) {
    const [seed, violations, simulatedS, spentMs] = line.split(" ");
    if (seed === undefined || spentMs === undefined) continue;
    seeds.add(seed);
    if (violations !== "0") violating.add(seed);
    simulatedMs += 1000 * Number(simulatedS);
    cpuMs += Number(spentMs);
  }
  return { seeds, violating: [...violating], simulatedMs, cpuMs };
}

export function tallySummary({ seeds, violating, simulatedMs, cpuMs }: Tally): string {
  const ratio = Math.round(simulatedMs / Math.max(1, cpuMs));
  const found = violating.length === 0 ? "no violation" : `violations by seeds ${violating.join(" ")}`;
  return `in all      ${seeds.size} seeds, ${(simulatedMs / 3_600_000).toFixed(1)} h at ${ratio} to 1: ${found}`;
}

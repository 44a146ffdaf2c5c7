/** Runs the seeds of a request one after another, and tells what each came to. */
import { CHECKERS } from "../world/checkers-in-use.ts";
import { planRun, type RunWishes } from "../world/run-plan.ts";
import { runSimulation } from "../world/sim-run.ts";
import { describeWishes, drawWishes } from "../world/swarm.ts";
import { brokenReport, type RunReport, reportOf } from "./run-report.ts";
import type { SimRequest } from "./sim-request.ts";

export interface SeedsObserver {
  /** Milliseconds that this process has had a processor for so far. */
  cpuMs(): number;
  /** The run of this seed begins: should it bring the process down, this was it. */
  onSeed(seed: string): void;
  onLine(line: string): void;
  /** How much of the present run is done, 0 to 1. */
  onProgress(share: number): void;
  onReport(report: RunReport): void;
}

export async function runSeeds(
  seeds: readonly string[],
  { isSwarm, wishes, log }: Pick<SimRequest, "isSwarm" | "wishes" | "log">,
  observer: SeedsObserver,
): Promise<void> {
  for (const seed of seeds) {
    const wanted: RunWishes = isSwarm ? drawWishes(seed, wishes.faultsMs ?? 60_000) : { ...wishes, seed };
    const configuration = isSwarm ? describeWishes(wanted) : "";
    const beganMs = observer.cpuMs();
    observer.onSeed(seed);
    try {
      const result = await runSimulation(planRun(wanted), {
        checkers: CHECKERS,
        ...(log !== undefined && { onLine: (line: string) => observer.onLine(line) }),
        isDetailed: log === "packets",
        onProgress: (doneMs, totalMs) => observer.onProgress(doneMs / totalMs),
      });
      observer.onReport(reportOf(result, configuration, observer.cpuMs() - beganMs));
    } catch (cause) {
      observer.onReport(brokenReport(seed, configuration, cause));
    }
  }
}

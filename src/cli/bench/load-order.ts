/** What one thread of a load is to do, and what came of it: both can be sent from thread to thread. */
import { CrewMemory } from "./crew-memory.ts";
import { LatencyMeter, type LatencyRecord } from "./latency-meter.ts";
import { type LoadPlan, type LoadResult, type LoadRuntime, runLoad } from "./load.ts";
import { OperationSource } from "./operation-source.ts";
import { QuickRandom } from "./quick-random.ts";
import type { Workload } from "./workload.ts";

export interface LoadOrder {
  readonly plan: LoadPlan;
  readonly workload: Pick<Workload, "shares" | "distribution">;
  /** How many are there before. */
  readonly records: number;
  readonly seed: number;
  readonly thread: number;
  readonly threadCount: number;
  /** CrewMemory's. */
  readonly shared: SharedArrayBuffer;
}

export interface LoadReport extends Omit<LoadResult, "meter"> {
  readonly latencies: LatencyRecord;
}

/** Resolves to what this thread has done, when all its replies are there. Rejects as `runLoad` does. */
export async function carryOut(runtime: LoadRuntime, order: LoadOrder): Promise<LoadReport> {
  const { plan, workload, records, seed, thread, threadCount } = order;
  const crew = new CrewMemory(threadCount, order.shared);
  const random = new QuickRandom(seed * threadCount + thread);
  const source = new OperationSource(workload, { records, random, step: threadCount, first: thread });
  const { meter, ...result } = await runLoad(runtime, plan, source, { crew, thread, threadCount });
  return { ...result, latencies: meter.record() };
}

/** What all threads have done, together. */
export function sumOf(reports: readonly LoadReport[]): LoadResult {
  const sum = (count: (report: LoadReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0);
  return {
    meter: LatencyMeter.of(reports.map(({ latencies }) => latencies)),
    elapsedMs: Math.max(...reports.map(({ elapsedMs }) => elapsedMs)),
    errors: sum(({ errors }) => errors),
    firstError: reports.find(({ firstError }) => firstError !== "")?.firstError ?? "",
    misses: sum(({ misses }) => misses),
    lost: sum(({ lost }) => lost),
  };
}

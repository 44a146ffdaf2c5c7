/**
 * `kvorum bench`: a load on running nodes, and how long they took.
 *
 *   standard output   figures of each workload, for people or as one line of JSON at the end
 *   standard error    how far it is, where that is a terminal
 *   exit code         0 everything was answered; 1 nobody is there, or some requests were refused or lost
 */
import { StoreError } from "../../base/errors.ts";
import { CLEAR_LINE } from "../clear-line.ts";
import type { AskedNode } from "../node-question.ts";
import { type BenchPlan, type BenchWords, benchPlan } from "./bench-plan.ts";
import { type BenchFigures, benchProgress, benchReport, figuresOf } from "./bench-report.ts";
import { type CrewResult, type CrewRuntime, runCrew } from "./load-crew.ts";
import type { Workload } from "./workload.ts";

export interface BenchOutput {
  writeOutput(text: string): void;
  writeError(text: string): void;
  readonly showsProgress: boolean;
}

/** Records are written so deep, whatever the load is like that follows. */
const LOADING_PIPELINE = 16;

const LOADING: Workload = {
  name: "load",
  summary: "records for what follows",
  shares: [["insert", 1]],
  distribution: "uniform",
  loadsFirst: false,
};

/** Resolves to the exit code. Throws SettingsError. */
export async function bench(
  runtime: CrewRuntime,
  { node, words }: { readonly node: AskedNode; readonly words: BenchWords },
  output: BenchOutput,
): Promise<number> {
  const plan = benchPlan(words, node, runtime.host);
  const done: BenchFigures[] = [];
  try {
    if (plan.loadsFirst && plan.workloads.some(({ loadsFirst }) => loadsFirst))
      await load(runtime, plan, output);
    for (const workload of plan.workloads) {
      const figures = figuresOf(workload, plan, await runOne(runtime, plan, workload, output));
      done.push(figures);
      if (!plan.json) output.writeOutput(benchReport(workload, plan, figures));
    }
    if (plan.json) output.writeOutput(`${JSON.stringify(done)}\n`);
    return done.every(({ errors, lost }) => errors === 0 && lost === 0) ? 0 : 1;
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    output.writeError(`kvorum: no figures: ${cause.message}; see --host, --port and --nodes\n`);
    return 1;
  } finally {
    if (output.showsProgress) output.writeError(CLEAR_LINE);
  }
}

/** Writes the records, each once. */
async function load(runtime: CrewRuntime, plan: BenchPlan, output: BenchOutput): Promise<void> {
  const shape = {
    pipeline: LOADING_PIPELINE,
    rate: undefined,
    requests: plan.keys,
    durationMs: undefined,
    warmUpMs: 0,
  };
  const { errors, firstError } = await runOne(
    runtime,
    { ...plan, load: { ...plan.load, ...shape } },
    LOADING,
    output,
  );
  if (errors > 0) throw new StoreError("IO", "unknown", `the records cannot be written: ${firstError}`);
}

function runOne(
  runtime: CrewRuntime,
  { load, keys, seed, threadCount }: BenchPlan,
  workload: Workload,
  output: BenchOutput,
): Promise<CrewResult> {
  const records = workload === LOADING ? 0 : keys;
  const order = { plan: load, workload, records, seed, threadCount };
  return runCrew(runtime, order, (progress) => {
    if (output.showsProgress) output.writeError(`${CLEAR_LINE}${benchProgress(workload, load, progress)}`);
  });
}

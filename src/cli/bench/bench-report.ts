/** What `kvorum bench` prints of one load, for people and for programs. */
import { addressOf } from "../start-failure.ts";
import { type Column, tableLines } from "../text-table.ts";
import type { BenchPlan } from "./bench-plan.ts";
import type { LoadProgress } from "./crew-memory.ts";
import { type LatencySummary, PERCENTILES } from "./latency-meter.ts";
import type { LoadPlan } from "./load.ts";
import type { CrewResult } from "./load-crew.ts";
import type { Operation, Workload } from "./workload.ts";

/** One load, as a program reads it. */
export interface BenchFigures {
  readonly workload: string;
  readonly loop: "closed" | "open";
  readonly clients: number;
  /** Of the load generator itself. */
  readonly threads: number;
  /**
   * Which part of the time these threads worked rather than waited for replies, from 0 to 1: near 1, they were the bound, not
   * the servers. Null of an open loop, which never waits, and of a load too short to tell.
   */
  readonly threadsBusy: number | null;
  /** Of a closed loop. */
  readonly pipeline: number | null;
  /** Asked for, per second; of an open loop. */
  readonly rate: number | null;
  readonly seconds: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly errors: number;
  readonly firstError: string | null;
  /** Reads of what is not there. */
  readonly misses: number;
  /** Requests whose connection broke. */
  readonly lost: number;
  /** Of all operations together. Of an open loop, from when they were due. */
  readonly latency: LatencySummary;
  /** As `latency`, corrected for coordinated omission. Of an open loop it is the same. */
  readonly corrected: LatencySummary;
  readonly operations: Partial<Readonly<Record<Operation, LatencySummary>>>;
}

export function figuresOf(
  workload: Workload,
  { load, threadCount }: BenchPlan,
  result: CrewResult,
): BenchFigures {
  const { meter, elapsedMs, errors, firstError, misses, lost, busyPart } = result;
  const isOpen = load.rate !== undefined;
  const latency = meter.all();
  return {
    workload: workload.name,
    loop: isOpen ? "open" : "closed",
    clients: load.clients,
    threads: threadCount,
    threadsBusy: isOpen ? null : (busyPart ?? null),
    pipeline: isOpen ? null : load.pipeline,
    rate: load.rate ?? null,
    seconds: elapsedMs / 1_000,
    requests: meter.count,
    requestsPerSecond: elapsedMs > 0 ? (meter.count * 1_000) / elapsedMs : 0,
    ...{ errors, firstError: firstError === "" ? null : firstError, misses, lost, latency },
    corrected: isOpen ? latency : meter.allCorrected(),
    operations: Object.fromEntries(meter.byOperation()),
  };
}

const COLUMNS: readonly Column[] = [
  { head: "ms" },
  { head: "count", isRight: true },
  ...["mean", ...PERCENTILES.map((percent) => `p${percent}`), "max"].map((head) => ({ head, isRight: true })),
];

export function benchReport(workload: Workload, plan: BenchPlan, figures: BenchFigures): string {
  const { load, keys } = plan;
  const where = load.nodes.map(({ host, port }) => addressOf(host, port)).join(", ");
  const shape =
    load.rate === undefined
      ? `closed loop, ${counted(load.clients, "client")}, ${load.pipeline} in a pipeline${effort(figures)}`
      : `open loop, ${grouped(load.rate)} due each second, over ${counted(load.clients, "client")}`;
  const rate = `${grouped(figures.requestsPerSecond)} requests/s`;
  const lines = [
    `${workload.name}  ${workload.summary}`,
    `  ${shape}; ${grouped(keys)} keys, ${workload.distribution}; values of ${grouped(load.sizes.valueBytes)} bytes; ${where}`,
    `  ${rate}: ${grouped(figures.requests)} in ${figures.seconds.toFixed(2)} s${troubles(figures)}`,
    ...boundLines(figures).map((line) => `  ${line}`),
    "",
    ...tableLines(COLUMNS, rowsOf(figures)).map((line) => `  ${line}`),
  ];
  return `${lines.join("\n")}\n\n`;
}

function effort({ threads, threadsBusy }: BenchFigures): string {
  const busy = threadsBusy === null ? "" : `, busy ${Math.round(100 * threadsBusy)}% of the time`;
  return `; this client: ${counted(threads, "thread")}${busy}`;
}

/** A thread that waits for so little of the time is what holds up the load. */
const BOUND_PART = 0.9;

/** What to know of these figures: that they are the client's own, not the servers'. */
export function boundLines({ threads, threadsBusy }: BenchFigures): readonly string[] {
  if (threadsBusy === null || threadsBusy < BOUND_PART) return [];
  const more = `--threads ${threads + 1} here, or clients on other machines, may get more out of the servers`;
  return [`THE CLIENT WAS THE BOUND: it hardly ever waited for a reply. ${more}.`];
}

/** One line, without an end. */
export function benchProgress(
  workload: Workload,
  { requests, durationMs }: Pick<LoadPlan, "requests" | "durationMs">,
  { isWarmingUp, count, elapsedMs }: LoadProgress,
): string {
  const part = Math.max(
    requests === undefined ? 0 : count / requests,
    durationMs === undefined ? 0 : elapsedMs / durationMs,
  );
  const rate = elapsedMs > 0 ? (count * 1_000) / elapsedMs : 0;
  const stage = isWarmingUp ? "warming up" : `${Math.floor(Math.min(1, part) * 100)}%`.padStart(4);
  return `${workload.name}  ${stage}  ${grouped(rate)} requests/s`;
}

function rowsOf({ loop, operations, latency, corrected }: BenchFigures): readonly (readonly string[])[] {
  const each = Object.entries(operations).map(([name, summary]) => rowOf(name, summary));
  const all = each.length > 1 ? [rowOf("all", latency)] : [];
  return [...each, ...all, ...(loop === "closed" ? [rowOf("corrected", corrected)] : [])];
}

function rowOf(name: string, { count, meanMs, percentilesMs, maxMs }: LatencySummary): readonly string[] {
  const percentiles = PERCENTILES.map((percent) => percentilesMs[percent]!);
  return [name, grouped(count), ...[meanMs, ...percentiles, maxMs].map((ms) => ms.toFixed(3))];
}

function troubles({ errors, firstError, misses, lost }: BenchFigures): string {
  const found = [
    ...(errors > 0 ? [`${grouped(errors)} REFUSED, first with "${firstError}"`] : []),
    ...(lost > 0 ? [`${grouped(lost)} LOST with their connections`] : []),
    ...(misses > 0 ? [`${grouped(misses)} reads of what is not there`] : []),
  ];
  return found.map((text) => `; ${text}`).join("");
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${grouped(count)} ${what}s`;
}

function grouped(number: number): string {
  return Math.round(number).toLocaleString("en");
}

/**
 * The threads of a load: this one alone, or several beside it that share nothing but crew-memory.ts. One is enough for
 * one server: more are for several, or for a server that answers faster than one thread asks.
 */
import type { Background, Cancel, Host } from "../../runtime/runtime.ts";
import { CrewMemory, type LoadProgress } from "./crew-memory.ts";
import type { LoadResult, LoadRuntime } from "./load.ts";
import { carryOut, type LoadOrder, type LoadReport, sumOf } from "./load-order.ts";
import { task } from "./load-task.ts";

const LOOK_MS = 100;
/** Over less time nobody can say how busy a thread was. */
const JUDGED_MS_MIN = 500;

export interface CrewRuntime extends LoadRuntime {
  readonly host: Pick<Host, "processorCount">;
  /** Threads for the load; closed after it. */
  startThreads(count: number): Background;
  /** How long this thread has worked. */
  busyMs(): number;
}

export interface CrewResult extends LoadResult {
  /** Which part of the measured time the threads worked rather than waited, from 0 to 1; undefined if it was too short. */
  readonly busyPart: number | undefined;
}

/** Resolves when the last reply is there. Rejects as `runLoad` does. */
export async function runCrew(
  runtime: CrewRuntime,
  order: Omit<LoadOrder, "thread" | "shared">,
  onProgress: (progress: LoadProgress) => void,
): Promise<CrewResult> {
  const { threadCount } = order;
  const crew = new CrewMemory(threadCount);
  const threads = threadCount > 1 ? runtime.startThreads(threadCount) : undefined;
  const busyMs = (): number => (threads === undefined ? runtime.busyMs() : (threads.usage?.().busyMs ?? 0));
  const watch = new BusyWatch(runtime.clock, busyMs);
  const cancel: Cancel = runtime.clock.every(LOOK_MS, () => {
    const { progress } = crew;
    if (!progress.isWarmingUp) watch.begin();
    onProgress(progress);
  });
  const orders = Array.from({ length: threadCount }, (_, thread) => ({
    ...{ ...order, thread, shared: crew.bytes },
  }));
  try {
    const run = (one: LoadOrder): Promise<LoadReport> => threads?.run(task, one) ?? carryOut(runtime, one);
    const reports = await Promise.all(orders.map(run));
    return { ...sumOf(reports), busyPart: watch.part(threadCount) };
  } finally {
    cancel();
    crew.giveUp();
    await threads?.close();
  }
}

class BusyWatch {
  readonly #clock: LoadRuntime["clock"];
  readonly #busyMs: () => number;
  #begun: { readonly busyMs: number; readonly atMs: number } | undefined;

  constructor(clock: LoadRuntime["clock"], busyMs: () => number) {
    this.#clock = clock;
    this.#busyMs = busyMs;
  }

  /** Does nothing but for the first time. */
  begin(): void {
    this.#begun ??= { busyMs: this.#busyMs(), atMs: this.#clock.monotonicMs() };
  }

  part(threadCount: number): number | undefined {
    if (this.#begun === undefined) return undefined;
    const tookMs = this.#clock.monotonicMs() - this.#begun.atMs;
    if (tookMs < JUDGED_MS_MIN) return undefined;
    return Math.min(1, (this.#busyMs() - this.#begun.busyMs) / tookMs / threadCount);
  }
}

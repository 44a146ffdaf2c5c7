/**
 * Background work on worker threads, which start when first needed and do not keep the process alive.
 *
 * A worker that dies (out of memory, a bug outside any task) fails the task it had with StoreError IO, outcome
 * unknown, and is replaced. Run from TypeScript sources, as tests are, tasks run in this thread: workers
 * could not load their modules.
 */
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { StoreError } from "../../base/errors.ts";
import type { Background, BackgroundTask, BackgroundUsage, TaskRuntime } from "../runtime.ts";
import { decodeFailure, type TaskAnswer, type TaskOrder, type TaskThreadBegun } from "./task-message.ts";

interface Waiting {
  readonly order: TaskOrder;
  readonly resolve: (output: unknown) => void;
  readonly reject: (cause: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Where its processor time stands; undefined until it has said so. */
  clockPath: string | undefined;
  cpuMs: number;
  current: Waiting | undefined;
}

/** As of nice(1): where processors are short, a thread gets a third of what the one gets that answers requests. */
const NICENESS_DEFAULT = 5;

const WORKER = new URL("./task-worker.js", import.meta.url);
const RUNS_FROM_SOURCE = import.meta.url.endsWith(".ts");

export class NodejsBackground implements Background {
  readonly #threadsMax: number;
  readonly #niceness: number;
  readonly #runtime: TaskRuntime;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Waiting[] = [];
  #isClosed = false;
  #endedCpuMs = 0;

  /** `runtime` is what tasks get that run in this thread. */
  constructor(
    runtime: TaskRuntime,
    { threadsMax, niceness = NICENESS_DEFAULT }: { readonly threadsMax: number; readonly niceness?: number },
  ) {
    this.#runtime = runtime;
    this.#threadsMax = threadsMax;
    this.#niceness = niceness;
  }

  async run<Input, Output>(task: BackgroundTask<Input, Output>, input: Input): Promise<Output> {
    if (this.#isClosed) throw closed();
    if (RUNS_FROM_SOURCE) return task.run(this.#runtime, input);
    const output = await new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ order: { moduleUrl: task.moduleUrl, input }, resolve, reject });
      this.#assign();
    });
    return output as Output;
  }

  usage(): BackgroundUsage {
    const threads = [...this.#threads];
    const busyOf = ({ worker }: Thread): number => worker.performance.eventLoopUtilization().active;
    const busyMs = threads.reduce((sum, thread) => sum + busyOf(thread), 0);
    const running = threads.filter(({ current }) => current !== undefined).length;
    return { threads: threads.length, running, waiting: this.#waiting.length, busyMs, cpuMs: this.#cpuMs() };
  }

  /** Of threads that have ended, as it was when somebody last looked. */
  #cpuMs(): number | undefined {
    let sum = this.#endedCpuMs;
    let isKnown = sum > 0;
    for (const thread of this.#threads) {
      if (thread.clockPath === undefined) continue;
      thread.cpuMs = threadCpuMs(thread.clockPath) ?? thread.cpuMs;
      sum += thread.cpuMs;
      isKnown = true;
    }
    return isKnown || this.#threads.size === 0 ? sum : undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(closed());
    await Promise.all([...this.#threads].map((thread) => this.#retire(thread)));
  }

  /** Gives waiting tasks to idle threads, starting more of them up to the limit. */
  #assign(): void {
    while (this.#waiting.length > 0) {
      const idle = [...this.#threads].find((thread) => thread.current === undefined);
      if (idle === undefined && this.#threads.size >= this.#threadsMax) return;
      const thread = idle ?? this.#start();
      const waiting = this.#waiting.shift()!;
      thread.current = waiting;
      thread.worker.ref();
      try {
        thread.worker.postMessage(waiting.order);
      } catch (cause) {
        this.#settle(thread, () => waiting.reject(cause)); // an input that cannot be copied: a bug of the caller
      }
    }
  }

  #start(): Thread {
    // Without the program's own flags: node --eval and --input-type do not go with a worker's module.
    const thread: Thread = {
      worker: new Worker(WORKER, { execArgv: [], workerData: { niceness: this.#niceness } }),
      clockPath: undefined,
      cpuMs: 0,
      current: undefined,
    };
    this.#threads.add(thread);
    thread.worker.on("message", (answer: TaskAnswer | TaskThreadBegun) => {
      if (answer.kind === "begun") {
        thread.clockPath = answer.clockPath;
        return;
      }
      const { current } = thread;
      this.#settle(thread, () => {
        if (answer.kind === "output") current?.resolve(answer.output);
        else current?.reject(decodeFailure(answer));
      });
    });
    thread.worker.on("error", (cause) => this.#lose(thread, cause));
    thread.worker.on("exit", () => this.#lose(thread, undefined));
    return thread;
  }

  #settle(thread: Thread, tell: () => void): void {
    thread.current = undefined;
    thread.worker.unref();
    tell();
    this.#assign();
  }

  #lose(thread: Thread, cause: Error | undefined): void {
    if (!this.#threads.delete(thread)) return;
    this.#endedCpuMs += thread.cpuMs;
    const { current } = thread;
    thread.current = undefined;
    current?.reject(new StoreError("IO", "unknown", "a background thread ended early", { cause }));
    this.#assign();
  }

  async #retire(thread: Thread): Promise<void> {
    const { current } = thread;
    if (current !== undefined) {
      await new Promise<void>((resolve) => {
        thread.worker.on("message", ({ kind }: TaskAnswer | TaskThreadBegun) => {
          if (kind !== "begun") resolve();
        });
        thread.worker.once("exit", () => resolve());
      });
    }
    await thread.worker.terminate();
  }
}

/** Linux: the first number is the time on a processor, in nanoseconds. */
function threadCpuMs(clockPath: string): number | undefined {
  try {
    return Number(readFileSync(clockPath, "utf8").split(" ")[0]) / 1e6;
  } catch {
    return undefined; // it has ended
  }
}

function closed(): StoreError {
  return new StoreError("CLOSED", "not-applied", "background work has ended");
}

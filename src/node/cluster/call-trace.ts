/**
 * Notes what one piece of work asks of other nodes, and how long it waits for this one's disk, whatever else goes on: by the
 * context that Node.js carries along promises. While nobody traces, it costs a look at a number.
 *
 * A piece of work is a span of its trace, and so is each of its steps; what another node does for a step has the step's span as
 * its parent.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { StoreError } from "../../base/errors.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Clock, Random } from "../../runtime/runtime.ts";
import { newId, SPAN_ID_BYTES, type TraceContext } from "./trace-context.ts";
import type { RemoteStep, RemoteWork } from "./trace-message.ts";

/** A request to another node, or a wait for this one's disk. */
export interface TracedStep {
  readonly kind: "call" | "disk";
  readonly spanId: string;
  /** Of calls. */
  readonly node: NodeId | undefined;
  readonly method: number | undefined;
  /** Since the work began. */
  readonly startedMs: number;
  /** Undefined while it goes on. */
  tookMs: number | undefined;
  /** Why it failed, if it did. */
  failure: string | undefined;
  /** What the other node has told of it. */
  work: RemoteWork | undefined;
}

type TraceRuntime = {
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly random: Pick<Random, "bytes">;
};

export class CallTrace {
  readonly name: string;
  readonly context: TraceContext;
  readonly spanId: string;
  readonly steps: TracedStep[] = [];
  readonly startedMs: number;
  /** Until it had done, or asked for, all that it could at once. */
  localMs = 0;
  /** Undefined while it goes on. */
  tookMs: number | undefined = undefined;
  failure: string | undefined = undefined;
  readonly #runtime: TraceRuntime;
  readonly #within: (work: () => void) => void;
  #onWhole: (() => void) | undefined;

  constructor(
    runtime: TraceRuntime,
    { name, context }: { readonly name: string; readonly context: TraceContext },
    within: (work: () => void) => void,
  ) {
    this.name = name;
    this.context = context;
    this.spanId = newId(runtime.random, SPAN_ID_BYTES);
    this.startedMs = runtime.clock.monotonicMs();
    this.#runtime = runtime;
    this.#within = within;
  }

  get isWhole(): boolean {
    return this.steps.every(({ tookMs }) => tookMs !== undefined);
  }

  #sinceStart(): number {
    return this.#runtime.clock.monotonicMs() - this.startedMs;
  }

  /** A step begins. `end` is to be told why it failed, or undefined. */
  begin(
    kind: TracedStep["kind"],
    node?: NodeId,
    method?: number,
  ): { readonly step: TracedStep; readonly end: (failure: unknown) => void } {
    const spanId = newId(this.#runtime.random, SPAN_ID_BYTES);
    const startedMs = this.#sinceStart();
    const unknown = { tookMs: undefined, failure: undefined, work: undefined };
    const step: TracedStep = { kind, spanId, node, method, startedMs, ...unknown };
    this.steps.push(step);
    const end = (failure: unknown): void => {
      step.tookMs = this.#sinceStart() - startedMs;
      step.failure = failureText(failure);
      if (this.isWhole) this.#onWhole?.();
    };
    return { step, end };
  }

  /** Runs what belongs to the trace, too, though nothing says so. */
  within(work: () => void): void {
    this.#within(work);
  }

  onAnswered(failure: unknown): void {
    this.tookMs = this.#sinceStart();
    this.failure = failureText(failure);
  }

  /** Resolves when all steps are over, those too that the answer did not wait for, but after so long at the latest. */
  async whole(patienceMs: number): Promise<void> {
    if (this.isWhole) return;
    const over = new AbortController();
    const isWhole = new Promise<void>((resolve) => {
      this.#onWhole = resolve;
    });
    const isLate = this.#runtime.clock.sleep(patienceMs, over.signal).catch(() => undefined);
    await Promise.race([isWhole, isLate]);
    over.abort();
  }

  /** What the node is told that has asked for this work. */
  told(): RemoteWork {
    const steps = this.steps.map(
      ({ kind, node, method, startedMs, tookMs, failure, work }): RemoteStep => ({
        kind,
        ...(node !== undefined && { node }),
        ...(method !== undefined && { method }),
        startUs: micros(startedMs),
        tookUs: tookMs === undefined ? null : micros(tookMs),
        ...(failure !== undefined && { failure }),
        ...(work !== undefined && { work }),
      }),
    );
    return { tookUs: micros(this.tookMs ?? this.#sinceStart()), localUs: micros(this.localMs), steps };
  }
}

export class CallTraces {
  /** Told of every trace that is to be exported, once it is over. */
  onSampled: ((trace: CallTrace) => void) | undefined = undefined;
  readonly #runtime: TraceRuntime;
  readonly #storage = new AsyncLocalStorage<CallTrace>();
  #active = 0;

  constructor(runtime: TraceRuntime) {
    this.#runtime = runtime;
  }

  /** The trace that what runs now belongs to. Hot. */
  get current(): CallTrace | undefined {
    return this.#active === 0 ? undefined : this.#storage.getStore();
  }

  /** Runs the work under a new trace, which goes on until `end` is called. */
  begin<T>(
    name: string,
    context: TraceContext,
    work: () => T,
  ): { result: T; trace: CallTrace; end: () => void } {
    const within = (again: () => void): void => this.#storage.run(trace, again);
    const trace: CallTrace = new CallTrace(this.#runtime, { name, context }, within);
    this.#active++;
    const end = (): void => {
      if (--this.#active === 0) this.#storage.disable(); // or it would go on to cost every promise something
      if (context.isSampled) this.onSampled?.(trace);
    };
    try {
      const result = this.#storage.run(trace, work);
      trace.localMs = this.#runtime.clock.monotonicMs() - trace.startedMs;
      return { result, trace, end };
    } catch (cause) {
      trace.onAnswered(cause);
      end();
      throw cause;
    }
  }
}

function failureText(failure: unknown): string | undefined {
  if (failure === undefined) return undefined;
  return failure instanceof StoreError ? failure.code : String(failure);
}

function micros(ms: number): number {
  return Math.round(ms * 1000);
}

/**
 * How long writes wait for this node's own disk, whoever answers them. Where nothing waits, it costs a call.
 *
 * Those of one sync are counted together when it is over, each with the average time of all of them.
 */
import { LatencyHistogram } from "../../base/latency-histogram.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { StorageEngine } from "../../storage/storage-engine.ts";
import type { CallTraces } from "./call-trace.ts";

export class DurableWaits {
  readonly times = new LatencyHistogram();
  /** False if nobody wants to know. */
  records = true;
  readonly #engine: Pick<StorageEngine, "durable">;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #traces: Pick<CallTraces, "current">;
  #latest: { readonly promise: Promise<void>; readonly waiters: Waiters } | undefined;

  constructor(
    engine: Pick<StorageEngine, "durable">,
    clock: Pick<Clock, "monotonicMs">,
    traces: Pick<CallTraces, "current">,
  ) {
    this.#engine = engine;
    this.#traces = traces;
    this.#clock = clock;
  }

  /** See StorageEngine. */
  durable(): Promise<void> | undefined {
    const promise = this.#engine.durable();
    if (promise === undefined) return undefined;
    if (promise !== this.#latest?.promise) this.#latest = { promise, waiters: this.#waitersFor(promise) };
    const { waiters } = this.#latest;
    const step = this.#traces.current?.begin("disk");
    if (step !== undefined) promise.then(() => step.end(undefined), step.end);
    if (!this.records) return promise;
    waiters.count++;
    waiters.startedMsSum += this.#clock.monotonicMs();
    return promise;
  }

  #waitersFor(promise: Promise<void>): Waiters {
    const waiters: Waiters = { count: 0, startedMsSum: 0 };
    const end = (): void => {
      const averageMs = this.#clock.monotonicMs() - waiters.startedMsSum / waiters.count;
      this.times.record(averageMs * 1000, waiters.count);
      if (this.#latest?.waiters === waiters) this.#latest = undefined;
    };
    promise.then(end, end);
    return waiters;
  }
}

interface Waiters {
  count: number;
  startedMsSum: number;
}

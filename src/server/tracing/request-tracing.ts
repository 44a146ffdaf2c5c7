/**
 * Traces some of the requests, by chance, and those whose clients ask for it, and gives their spans to an exporter. There is none
 * where nobody collects traces.
 */

import type { Awaitable } from "../../base/awaitable.ts";
import type { CallTraces } from "../../node/cluster/call-trace.ts";
import { newTrace, type TraceContext } from "../../node/cluster/trace-context.ts";
import { endWhenWhole } from "../../node/cluster/traced-calls.ts";
import type { NodeSettings } from "../../node/settings.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { SpanExporter, type SpanExporterParts } from "./span-exporter.ts";

interface TracingParts extends Pick<SpanExporterParts, "logger" | "node" | "cluster"> {
  readonly runtime: Pick<Runtime, "clock" | "random" | "network">;
  readonly settings: Pick<NodeSettings, "traceEndpoint" | "traceSample">;
  readonly traces: CallTraces;
}

const SAMPLED = { isSampled: true, wantsSteps: false };

export class RequestTracing {
  readonly exporter: SpanExporter;
  readonly #parts: TracingParts;
  readonly #strideMax: number;
  #countdown: number;
  #chance: number;

  /** Undefined without an endpoint. */
  static of(parts: TracingParts): RequestTracing | undefined {
    const { traceEndpoint } = parts.settings;
    return traceEndpoint ? new RequestTracing(parts, traceEndpoint) : undefined;
  }

  private constructor(parts: TracingParts, endpoint: string) {
    const { traceSample } = parts.settings;
    this.#parts = parts;
    this.exporter = new SpanExporter({ ...parts, endpoint: new URL(endpoint) });
    parts.traces.onSampled = (trace) => this.exporter.add(trace);
    this.#strideMax = traceSample === 0 ? 0 : 2 / traceSample - 1;
    this.#chance = parts.runtime.random.uint32();
    this.#countdown = this.#nextStride();
  }

  /** Counts a request; true if it is to be traced. Hot. */
  isDue(): boolean {
    if (--this.#countdown > 0) return false;
    this.#countdown = this.#nextStride();
    return true;
  }

  /** Runs the work of a request as a span of the parent's trace, or of a new one. */
  trace<T>(name: string, parent: TraceContext | undefined, work: () => Awaitable<T>): Awaitable<T> {
    const { traces, runtime } = this.#parts;
    const context = parent ?? newTrace(runtime.random, SAMPLED);
    const { result, trace, end } = traces.begin(name.toUpperCase(), context, work);
    const onAnswered = (failure: unknown): void => {
      trace.onAnswered(failure);
      endWhenWhole(trace, end);
    };
    if (!(result instanceof Promise)) {
      onAnswered(failureIn(result));
      return result;
    }
    return result.then(
      (answer) => {
        onAnswered(failureIn(answer));
        return answer;
      },
      (cause: unknown) => {
        onAnswered(cause);
        throw cause;
      },
    );
  }

  close(): Promise<void> {
    return this.exporter.close();
  }

  /** On average one request in so many is due; requests may come in a rhythm, so it is not every so many-th. */
  #nextStride(): number {
    if (this.#strideMax === 0) return Number.POSITIVE_INFINITY;
    this.#chance = (Math.imul(this.#chance, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.max(1, Math.round((this.#chance / 2 ** 32) * this.#strideMax + 0.5));
  }
}

/** The error's code, if that is what the client is told. */
function failureIn(answer: unknown): string | undefined {
  if (typeof answer !== "object" || answer === null || !("kind" in answer) || answer.kind !== "failure")
    return undefined;
  return "text" in answer ? String(answer.text).split(" ", 1)[0] : "ERR";
}

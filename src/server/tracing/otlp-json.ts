/**
 * Traces as OpenTelemetry's protocol wants them in JSON: spans of a resource, which is this node.
 * Source: OTLP 1.3, opentelemetry/proto/trace/v1/trace.proto in its JSON mapping: ids in hexadecimal, times as decimal text.
 */
import type { CallTrace, TracedStep } from "../../node/cluster/call-trace.ts";
import { methodName } from "../../node/cluster/method-name.ts";
import { VERSION } from "../../node/version.ts";

const KIND = { internal: 1, server: 2, client: 3 } as const;
const FAILED_STATUS = 2;

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status?: { readonly code: number; readonly message: string };
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

/** The span of a piece of work, and of each of its steps. `wallAheadMs`: what to add to the trace's clock for Unix time. */
export function spansOf(trace: CallTrace, wallAheadMs: number): readonly OtlpSpan[] {
  const { context, spanId, name, startedMs, tookMs = 0, failure } = trace;
  const { traceId, parentId } = context;
  const at = (ms: number): string => nanos(startedMs + wallAheadMs + ms);
  const whole: OtlpSpan = {
    traceId,
    spanId,
    ...(parentId !== undefined && { parentSpanId: parentId }),
    name,
    kind: KIND.server,
    startTimeUnixNano: at(0),
    endTimeUnixNano: at(tookMs),
    attributes: [attribute("db.system.name", "kvorum"), attribute("db.operation.name", name)],
    ...statusOf(failure),
  };
  const steps = trace.steps.map(
    (step): OtlpSpan => ({
      traceId,
      spanId: step.spanId,
      parentSpanId: spanId,
      name: step.kind === "disk" ? "disk" : methodName(step.method!),
      kind: step.kind === "disk" ? KIND.internal : KIND.client,
      startTimeUnixNano: at(step.startedMs),
      endTimeUnixNano: at(step.startedMs + (step.tookMs ?? 0)),
      attributes: step.node === undefined ? [] : [attribute("kvorum.node.id", step.node)],
      ...statusOf(failureOf(step)),
    }),
  );
  return [whole, ...steps];
}

/** The body of a request to a collector. */
export function encodeSpans(spans: readonly OtlpSpan[], nodeId: string): string {
  const resource = {
    attributes: [
      attribute("service.name", "kvorum"),
      attribute("service.version", VERSION),
      attribute("service.instance.id", nodeId),
    ],
  };
  const scopeSpans = [{ scope: { name: "kvorum", version: VERSION }, spans }];
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] });
}

function failureOf({ tookMs, failure }: TracedStep): string | undefined {
  return tookMs === undefined ? "no answer yet" : failure;
}

function statusOf(failure: string | undefined): Pick<OtlpSpan, "status"> | undefined {
  return failure === undefined ? undefined : { status: { code: FAILED_STATUS, message: failure } };
}

function attribute(key: string, stringValue: string): OtlpAttribute {
  return { key, value: { stringValue } };
}

function nanos(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

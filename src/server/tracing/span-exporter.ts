/**
 * Sends spans to a collector, some at a time. Nobody waits for it: what does not fit into the queue, or cannot be sent, is dropped and
 * counted.
 */

import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { CallTrace } from "../../node/cluster/call-trace.ts";
import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import { httpPost } from "./http-post.ts";
import { encodeSpans, type OtlpSpan, spansOf } from "./otlp-json.ts";

const SEND_MS = 1_000;
const TIMEOUT_MS = 5_000;
const QUEUED_MAX = 4_096;
const SENT_AT_ONCE = 512;
/** A line of the log for so long says that the collector does not take them. */
const FAILURE_QUIET_MS = 60_000;

export interface SpanExporterParts {
  readonly runtime: Pick<Runtime, "clock" | "network">;
  readonly logger: Logger;
  readonly endpoint: URL;
  readonly node: { readonly actor: bigint };
  readonly cluster: { readonly self: { readonly id: string } } | undefined;
}

export class SpanExporter {
  /** Spans, since the start. */
  sentCount = 0;
  droppedCount = 0;
  readonly #parts: SpanExporterParts;
  readonly #nodeId: string;
  readonly #wallAheadMs: number;
  readonly #cancel: Cancel;
  #queue: OtlpSpan[] = [];
  #sending: Promise<void> | undefined;
  #quietUntilMs = Number.NEGATIVE_INFINITY;

  constructor(parts: SpanExporterParts) {
    const { clock } = parts.runtime;
    this.#parts = parts;
    this.#nodeId = parts.cluster?.self.id ?? parts.node.actor.toString(16).padStart(16, "0");
    this.#wallAheadMs = clock.wallMs() - clock.monotonicMs();
    this.#cancel = clock.every(SEND_MS, () => this.#sendSome());
  }

  get queuedCount(): number {
    return this.#queue.length;
  }

  add(trace: CallTrace): void {
    const spans = spansOf(trace, this.#wallAheadMs);
    if (this.#queue.length + spans.length > QUEUED_MAX) {
      this.droppedCount += spans.length;
      return;
    }
    this.#queue.push(...spans);
    if (this.#queue.length >= SENT_AT_ONCE) this.#sendSome();
  }

  /** Resolves when what is queued has been sent, or could not be. */
  async close(): Promise<void> {
    this.#cancel();
    await this.#sending;
    this.#sendSome();
    await this.#sending;
  }

  #sendSome(): void {
    if (this.#sending !== undefined || this.#queue.length === 0) return;
    const spans = this.#queue.slice(0, SENT_AT_ONCE);
    this.#queue = this.#queue.slice(SENT_AT_ONCE);
    this.#sending = this.#send(spans).finally(() => {
      this.#sending = undefined;
      if (this.#queue.length >= SENT_AT_ONCE) this.#sendSome();
    });
  }

  async #send(spans: readonly OtlpSpan[]): Promise<void> {
    const { runtime, endpoint } = this.#parts;
    try {
      const status = await httpPost(runtime, endpoint, encodeSpans(spans, this.#nodeId), TIMEOUT_MS);
      if (status >= 200 && status < 300) this.sentCount += spans.length;
      else this.#onFailure(spans.length, `it answers ${status}`);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.#onFailure(spans.length, cause.message);
    }
  }

  #onFailure(count: number, reason: string): void {
    this.droppedCount += count;
    const nowMs = this.#parts.runtime.clock.monotonicMs();
    if (nowMs < this.#quietUntilMs) return;
    this.#quietUntilMs = nowMs + FAILURE_QUIET_MS;
    const about = { endpoint: this.#parts.endpoint.href, reason, dropped: this.droppedCount };
    this.#parts.logger.warn(about, "the collector of traces does not take them");
  }
}

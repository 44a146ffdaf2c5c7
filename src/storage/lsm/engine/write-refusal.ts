/**
 * Rows cannot get into tables, for now: a full disk, one that fails or does not answer, a background thread that dies
 * again and again. Those who wait to write or for something to be in tables are told, and further puts are refused, until
 * a flush or a compaction succeeds; reads go on.
 */
import { StoreError } from "../../../base/errors.ts";
import type { Clock } from "../../../runtime/runtime.ts";
import { Patience } from "../log/patience.ts";
import { ClearWaiters } from "./clear-waiters.ts";
import type { FlushWaiters } from "./flush-waiters.ts";
import type { RowWriter } from "./row-writer.ts";
import type { WriteThrottle } from "./write-throttle.ts";

/** What fails less often in a row may succeed soon; but nobody makes room on a full disk so soon. */
const FAILURES_MIN = 3;

export interface WriteRefusalOptions {
  readonly clock: Pick<Clock, "monotonicMs" | "every">;
  readonly writer: RowWriter;
  readonly throttle: WriteThrottle;
  readonly flushes: FlushWaiters;
  /** Of LsmEngineOptions. */
  readonly diskTimeoutMs: number;
}

export class WriteRefusal {
  readonly clears: ClearWaiters;
  readonly #options: WriteRefusalOptions;
  readonly #patience: Patience;

  constructor(options: WriteRefusalOptions) {
    this.#options = options;
    this.clears = new ClearWaiters(options.clock, options.diskTimeoutMs);
    this.#patience = new Patience(options.clock, options.diskTimeoutMs, (waitedMs) => {
      const seconds = Math.round(waitedMs / 1000);
      const message = `rows cannot be written to tables: none was for ${seconds} s, and memory is full of them`;
      this.#refuse(message, new StoreError("IO", "unknown", message));
    });
  }

  /** A flush, a compaction or a change of the manifest has failed, so often in a row. */
  readonly onFailure = (cause: StoreError, failureCount: number): void => {
    const isFull = cause.message.includes("ENOSPC"); // other threads keep no system code
    if (!isFull && failureCount < FAILURES_MIN) return;
    this.#refuse(`${isFull ? "disk full" : "rows cannot be written to tables"}: ${cause.message}`, cause);
  };

  /** There is one more full memtable, and the throttle knows. */
  onFull(): void {
    if (this.#options.throttle.isStopped) this.#patience.goOn();
  }

  /** Rows have got into tables, or further down, and the throttle knows. */
  onRelief(): void {
    const { writer, throttle } = this.#options;
    writer.refusal = undefined;
    if (throttle.isStopped) this.#patience.begin();
    else this.#patience.end();
  }

  close(): void {
    this.#patience.end();
  }

  #refuse(message: string, cause: StoreError): void {
    const { writer, throttle, flushes } = this.#options;
    flushes.fail(new StoreError("IO", "not-applied", message, { cause }));
    this.clears.fail(new StoreError("IO", "unknown", message, { cause }));
    if (!throttle.isStopped) return; // there is room in memory yet
    writer.refusal = new StoreError("IO", "not-applied", message, { cause });
    throttle.fail(new StoreError("IO", "unknown", message, { cause }));
  }
}

/**
 * Rows cannot get into tables, for now: a full disk, one that fails, a background thread that dies again and again.
 * Those who wait to write are told, and further puts are refused, until a flush or a compaction succeeds; reads go on.
 */
import { StoreError } from "../../../base/errors.ts";
import type { FlushWaiters } from "./flush-waiters.ts";
import type { OnFailure } from "./retry.ts";
import type { RowWriter } from "./row-writer.ts";
import type { WriteThrottle } from "./write-throttle.ts";

/** What fails less often in a row may succeed soon; but nobody makes room on a full disk so soon. */
const FAILURES_MIN = 3;

export interface WriteRefusalOptions {
  readonly writer: RowWriter;
  readonly throttle: WriteThrottle;
  readonly flushes: FlushWaiters;
}

/** What to do when a flush, a compaction or a change of the manifest has failed again. */
export function refuseAfterFailures({ writer, throttle, flushes }: WriteRefusalOptions): OnFailure {
  return (cause, failureCount) => {
    const isFull = cause.message.includes("ENOSPC"); // other threads keep no system code
    if (!isFull && failureCount < FAILURES_MIN) return;
    const message = `${isFull ? "disk full" : "rows cannot be written to tables"}: ${cause.message}`;
    flushes.fail(new StoreError("IO", "not-applied", message, { cause }));
    if (!throttle.isStopped) return; // there is room in memory yet
    writer.refusal = new StoreError("IO", "not-applied", message, { cause });
    throttle.fail(new StoreError("IO", "unknown", message, { cause }));
  };
}

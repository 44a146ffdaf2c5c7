/** A disk too full for a flush: puts are refused until one succeeds, and who waits for it is told. */
import { StoreError } from "../../../base/errors.ts";
import type { RowWriter } from "./row-writer.ts";
import type { WriteThrottle } from "./write-throttle.ts";

/** Only where writers have to wait for the flush, and for want of room: any other failure is tried again soon. */
export function refuseIfFull(cause: StoreError, writer: RowWriter, throttle: WriteThrottle): void {
  if (!throttle.isStopped || !cause.message.includes("ENOSPC")) return; // other threads keep no system code
  const message = `disk full: ${cause.message}`;
  writer.refusal = new StoreError("IO", "not-applied", message, { cause });
  throttle.fail(new StoreError("IO", "unknown", message, { cause }));
}

/**
 * Those who wait until a clear is durable. Where nobody knows when it will be, they are told so: to readers everything
 * is gone already, and it goes on; only a crash may bring it back.
 */
import { StoreError } from "../../../base/errors.ts";
import type { Clock } from "../../../runtime/runtime.ts";
import { Patience } from "../log/patience.ts";

export class ClearWaiters {
  readonly #waiting = new Set<(cause: StoreError) => void>();
  readonly #patience: Patience;

  constructor(clock: Pick<Clock, "monotonicMs" | "every">, diskTimeoutMs: number) {
    this.#patience = new Patience(clock, diskTimeoutMs, (waitedMs) => {
      const message = `the disk does not answer: a clear has been waiting for ${Math.round(waitedMs / 1000)} s`;
      this.fail(new StoreError("IO", "unknown", message));
    });
  }

  /** Settles as `cleared` does, unless it rejects before as `fail` says. */
  async wait(cleared: Promise<void>): Promise<void> {
    this.#patience.goOn();
    let reject!: (cause: StoreError) => void;
    const failed = new Promise<never>((_, onReject) => {
      reject = onReject;
    });
    this.#waiting.add(reject);
    try {
      await Promise.race([cleared, failed]);
    } finally {
      this.#waiting.delete(reject);
      if (this.#waiting.size === 0) this.#patience.end();
    }
  }

  /** Nobody knows when it will be durable. */
  fail(cause: StoreError): void {
    for (const reject of this.#waiting) reject(cause);
  }
}

/** Tries again what the disk refused, later and later, until it succeeds or the engine closes. */
import { StoreError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import type { Clock } from "../../../runtime/runtime.ts";

const DELAY_MS_MIN = 100;
const DELAY_MS_MAX = 5_000;

export type OnFailure = (cause: StoreError, failureCount: number) => void;

export class Retry {
  readonly #clock: Pick<Clock, "sleep">;
  readonly #logger: Logger;
  readonly #closing: AbortSignal;

  constructor(clock: Pick<Clock, "sleep">, logger: Logger, closing: AbortSignal) {
    this.#clock = clock;
    this.#logger = logger;
    this.#closing = closing;
  }

  /**
   * Resolves to what `attempt` resolves to; `onFailure` is told how often in a row it has failed. Rejects with StoreError CLOSED if it failed and the engine is
   * closing; with StoreError CORRUPTION at once, for it does not go away; and with anything but a StoreError, for
   * that is a bug.
   */
  async run<T>(what: string, attempt: () => Promise<T>, onFailure?: OnFailure): Promise<T> {
    let failureCount = 0;
    for (let delayMs = DELAY_MS_MIN; ; delayMs = Math.min(2 * delayMs, DELAY_MS_MAX)) {
      try {
        return await attempt();
      } catch (cause) {
        if (!(cause instanceof StoreError) || cause.code === "CORRUPTION") throw cause;
        if (this.#closing.aborted || cause.code === "CLOSED") throw closed(cause);
        this.#logger.warn({ cause, delayMs }, `${what} failed and is tried again`);
        onFailure?.(cause, ++failureCount);
      }
      await this.#clock
        .sleep(delayMs, this.#closing)
        .catch((cause: unknown) => Promise.reject(closed(cause)));
    }
  }
}

export function isClosed(cause: unknown): boolean {
  return cause instanceof StoreError && cause.code === "CLOSED";
}

export function isCorruption(cause: unknown): cause is StoreError {
  return cause instanceof StoreError && cause.code === "CORRUPTION";
}

/** What is told to those who still read when the engine closes. */
export function closedError(): StoreError {
  return new StoreError("CLOSED", "not-applied", "the engine is closed");
}

function closed(cause: unknown): StoreError {
  return new StoreError("CLOSED", "unknown", "the engine is closing", { cause });
}

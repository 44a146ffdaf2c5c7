/** Virtual time as one process sees it. */
import { assert } from "../base/assert.ts";
import type { Cancel, Clock } from "../runtime/runtime.ts";
import type { HostTime } from "./host-time.ts";
import type { Life } from "./life.ts";

export class SimClock implements Clock {
  readonly #life: Life;
  readonly #time: HostTime;

  constructor(life: Life, time: HostTime) {
    this.#life = life;
    this.#time = time;
  }

  monotonicMs(): number {
    return this.#time.monotonicMs();
  }

  /** While an event is handled no time passes. */
  turnMs(): number {
    return this.#time.monotonicMs();
  }

  wallMs(): number {
    return this.#time.wallMs();
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.#life.after(this.#time.trueMs(delayMs), () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  every(intervalMs: number, tick: () => void): Cancel {
    assert(intervalMs > 0 && intervalMs < 2 ** 31, "an interval is positive and below 25 days");
    let isOver = false;
    const ring = (): void => {
      if (isOver) return;
      tick();
      if (!isOver) this.#life.plan(this.#time.trueMs(intervalMs), ring);
    };
    this.#life.plan(this.#time.trueMs(intervalMs), ring);
    return () => {
      isOver = true;
    };
  }

  defer(task: () => void): void {
    this.#life.plan(0, task);
  }
}

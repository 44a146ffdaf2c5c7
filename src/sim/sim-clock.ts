/** Virtual time as one process sees it. */
import { assert } from "../base/assert.ts";
import type { Cancel, Clock } from "../runtime/runtime.ts";
import type { Life } from "./life.ts";

/** Wall time when a world begins: 2026-01-01T00:00:00Z. */
export const EPOCH_MS = 1_767_225_600_000;

/** The machine's wall clock, shared by the lives on it. */
export interface WallClock {
  /** How far it is ahead of true time. */
  aheadMs: number;
}

export class SimClock implements Clock {
  readonly #life: Life;
  readonly #wall: WallClock;

  constructor(life: Life, wall: WallClock) {
    this.#life = life;
    this.#wall = wall;
  }

  monotonicMs(): number {
    return this.#life.nowMs;
  }

  wallMs(): number {
    return Math.floor(EPOCH_MS + this.#life.nowMs + this.#wall.aheadMs);
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
      const cancel = this.#life.after(delayMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  every(intervalMs: number, tick: () => void): Cancel {
    assert(intervalMs > 0 && intervalMs < 2 ** 31, "an interval is positive and below 25 days");
    let cancelled = false;
    let cancelNext: Cancel;
    const arm = (): void => {
      cancelNext = this.#life.after(intervalMs, () => {
        tick();
        if (!cancelled) arm();
      });
    };
    arm();
    return () => {
      cancelled = true;
      cancelNext();
    };
  }

  defer(task: () => void): void {
    this.#life.after(0, task);
  }
}

/**
 * A tick that runs only while there is something for it to do: whoever begins something rouses it, and it ends by itself.
 * An idle node is not woken a hundred times a second for nothing.
 */
import type { Cancel, Clock } from "./runtime.ts";

export class DemandTick {
  readonly #clock: Pick<Clock, "every">;
  readonly #intervalMs: number;
  readonly #tick: () => boolean;
  #cancel: Cancel | undefined;
  #isClosed = false;

  /** `tick` says whether it is needed again. */
  constructor(clock: Pick<Clock, "every">, intervalMs: number, tick: () => boolean) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#tick = tick;
  }

  get isRunning(): boolean {
    return this.#cancel !== undefined;
  }

  /** Ticks from now on, the first time after an interval. Costs next to nothing while it runs. */
  rouse(): void {
    if (this.#cancel !== undefined || this.#isClosed) return;
    this.#cancel = this.#clock.every(this.#intervalMs, () => {
      if (!this.#tick()) this.#rest();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#rest();
  }

  #rest(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

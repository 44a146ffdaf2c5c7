/**
 * One life of one simulated process. What it scheduled dies with it: a promise it waits for never settles
 * then, so none of its code runs on, as after `kill -9`. While it is paused, its events wait.
 */
import type { Cancel } from "../runtime/runtime.ts";
import type { Scheduler } from "./scheduler.ts";

export class Life {
  readonly #scheduler: Scheduler;
  #isAlive = true;
  #pausedUntilMs = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get nowMs(): number {
    return this.#scheduler.nowMs;
  }

  end(): void {
    this.#isAlive = false;
  }

  /** As SIGSTOP now and SIGCONT at `untilMs`. */
  pauseUntil(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  after(delayMs: number, fire: () => void): Cancel {
    const attempt = (): void => {
      if (!this.#isAlive) return;
      if (this.#scheduler.nowMs < this.#pausedUntilMs)
        cancel = this.#scheduler.at(this.#pausedUntilMs, attempt);
      else fire();
    };
    let cancel = this.#scheduler.after(delayMs, attempt);
    return () => cancel();
  }

  /** Never resolves if the life ends first. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }
}

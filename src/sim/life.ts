/**
 * One life of one simulated process. What it scheduled dies with it: a promise it waits for never settles
 * then, so none of its code runs on, as after `kill -9`. While it is paused, its events wait.
 */
import type { Cancel } from "../runtime/runtime.ts";
import type { EventOwner } from "./event-heap.ts";
import type { Scheduler } from "./scheduler.ts";

export class Life implements EventOwner {
  readonly #scheduler: Scheduler;
  isAlive = true;
  pausedUntilMs = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get nowMs(): number {
    return this.#scheduler.nowMs;
  }

  end(): void {
    this.isAlive = false;
  }

  /** As SIGSTOP now and SIGCONT at `untilMs`. */
  pauseUntil(untilMs: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, untilMs);
  }

  after(delayMs: number, fire: () => void): Cancel {
    const event = this.#scheduler.plan(this.nowMs + Math.max(0, delayMs), fire, this);
    return () => {
      event.fire = undefined;
    };
  }

  /** As `after`, for good. */
  plan(delayMs: number, fire: () => void): void {
    this.#scheduler.plan(this.nowMs + Math.max(0, delayMs), fire, this);
  }

  /** Never resolves if the life ends first. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.plan(delayMs, resolve);
    });
  }
}

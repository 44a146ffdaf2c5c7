/**
 * Virtual time. Runs one event at a time, in (time, insertion) order, so one seed gives one history. Between
 * two events every promise chain runs to its end; an exception in an event ends the run.
 */
import { assert } from "../base/assert.ts";
import type { Cancel } from "../runtime/runtime.ts";
import { type Event, EventHeap } from "./event-heap.ts";
import { takeTurns } from "./settle.ts";

/** A promise that is not settled by then never will be. */
const PATIENCE_MS = 3_600_000;

export class Scheduler {
  readonly #events = new EventHeap();
  #nowMs = 0;
  #sequence = 0;
  #running = false;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events planned so far: two runs with one seed agree on it. */
  get eventCount(): number {
    return this.#sequence;
  }

  at(atMs: number, fire: () => void): Cancel {
    assert(atMs >= this.#nowMs, "an event cannot be in the past");
    const event: Event = { atMs, sequence: this.#sequence++, fire };
    this.#events.push(event);
    return () => {
      event.fire = undefined;
    };
  }

  after(delayMs: number, fire: () => void): Cancel {
    return this.at(this.#nowMs + Math.max(0, delayMs), fire);
  }

  /** Runs every event up to and including `endMs`, which is the time afterwards. */
  async runUntil(endMs: number): Promise<void> {
    await this.#run(() => this.#step(endMs));
    this.#nowMs = endMs;
  }

  /** Runs events until `promise` is settled; throws if there are none left, or an hour has passed. */
  async runUntilSettled<T>(promise: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
    const endMs = this.#nowMs + patienceMs;
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    await this.#run(() => {
      if (settled) return false;
      if (this.#step(endMs)) return true;
      throw new Error(`still not settled at ${this.#nowMs} ms: a deadlock?`);
    });
    return promise;
  }

  /** Fires the next event that is due by `endMs`; false if there is none. */
  #step(endMs: number): boolean {
    const event = this.#nextLive();
    if (event === undefined || event.atMs > endMs) return false;
    this.#events.pop();
    this.#nowMs = event.atMs;
    event.fire?.();
    return true;
  }

  #nextLive(): Event | undefined {
    while (this.#events.size > 0 && this.#events.peek()?.fire === undefined) this.#events.pop();
    return this.#events.peek();
  }

  async #run(turn: () => boolean): Promise<void> {
    assert(!this.#running, "time runs already: await the run before");
    this.#running = true;
    try {
      await takeTurns(turn);
    } finally {
      this.#running = false;
    }
  }
}

/**
 * Virtual time. Runs one event at a time, in (time, insertion) order, so one seed gives one history. Between
 * two events every promise chain runs to its end; an exception in an event ends the run.
 */
import { assert } from "../base/assert.ts";
import type { Cancel } from "../runtime/runtime.ts";
import { type Event, EventHeap, type EventOwner } from "./event-heap.ts";
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
    const event = this.plan(atMs, fire);
    return () => {
      event.fire = undefined;
    };
  }

  after(delayMs: number, fire: () => void): Cancel {
    return this.at(this.#nowMs + Math.max(0, delayMs), fire);
  }

  /** As `at`; cancelled by taking `fire` away. Costs no closure: most events are never cancelled. */
  plan(atMs: number, fire: () => void, owner?: EventOwner): Event {
    assert(atMs >= this.#nowMs, "an event cannot be in the past");
    const event: Event = { atMs, sequence: this.#sequence++, fire, owner };
    this.#events.push(event);
    return event;
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
    const { owner } = event;
    if (owner !== undefined && event.atMs < owner.pausedUntilMs) this.#planAgain(event, owner.pausedUntilMs);
    else event.fire!();
    return true;
  }

  #nextLive(): Event | undefined {
    for (;;) {
      const event = this.#events.peek();
      if (event === undefined || (event.fire !== undefined && event.owner?.isAlive !== false)) return event;
      this.#events.pop();
    }
  }

  #planAgain(event: Event, atMs: number): void {
    event.atMs = atMs;
    event.sequence = this.#sequence++;
    this.#events.push(event);
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

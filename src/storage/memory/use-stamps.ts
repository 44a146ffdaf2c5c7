/**
 * How lately, or how often, a row has been used: 24 bits in its header.
 * Source of the counter: Redis, "Using Redis as an LRU cache", section "The new LFU mode"; Morris 1978, "Counting
 * large numbers of events in small registers".
 *
 *   lru   time of the last use, in steps of 256 ms (it wraps after 49 days)
 *   lfu   bits 8..23  minute in which the counter was last brought up to date (it wraps after 45 days)
 *         bits 0..7   counter: rises ever more rarely with use, falls with time
 */
import type { Random } from "../../runtime/runtime.ts";

export const STAMP_MASK = 0xff_ffff;
const STEP_SHIFT = 8;
const MINUTE_MS = 60_000;
const MINUTE_MASK = 0xffff;
const COUNTER_MAX = 255;
/** A new row is not at once the next to go. */
const COUNTER_START = 5;

export class UseStamps {
  readonly #random: Random;
  #isLfu = false;
  #logFactor = 10;
  #decayMinutes = 1;
  #step = 0;
  #minute = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  configure(settings: { isLfu: boolean; lfuLogFactor: number; lfuDecayMinutes: number }): void {
    this.#isLfu = settings.isLfu;
    this.#logFactor = settings.lfuLogFactor;
    this.#decayMinutes = settings.lfuDecayMinutes;
  }

  /** Uses from here on happen at this time. */
  setTime(monotonicMs: number): void {
    this.#step = Math.floor(monotonicMs / (1 << STEP_SHIFT)) & STAMP_MASK;
    this.#minute = Math.floor(monotonicMs / MINUTE_MS) & MINUTE_MASK;
  }

  /** The stamp of a new row. */
  first(): number {
    return this.#isLfu ? (this.#minute << 8) | COUNTER_START : this.#step;
  }

  /** The stamp after one more use. */
  next(stamp: number): number {
    if (!this.#isLfu) return this.#step;
    let counter = this.frequency(stamp);
    if (counter < COUNTER_MAX) {
      const above = Math.max(0, counter - COUNTER_START);
      const chance = 1 / (above * this.#logFactor + 1);
      if (chance === 1 || this.#random.uint32() < chance * 2 ** 32) counter++;
    }
    return (this.#minute << 8) | counter;
  }

  /** The counter now, under an lfu policy. */
  frequency(stamp: number): number {
    const counter = stamp & 0xff;
    if (this.#decayMinutes === 0) return counter;
    const minutes = (this.#minute - (stamp >>> 8)) & MINUTE_MASK;
    return Math.max(0, counter - Math.floor(minutes / this.#decayMinutes));
  }

  /** Time since the last use, under any other policy. */
  idleMs(stamp: number): number {
    return (((this.#step - stamp) & STAMP_MASK) << STEP_SHIFT) >>> 0;
  }

  /** The higher, the sooner the row should go. */
  staleness(stamp: number): number {
    return this.#isLfu ? COUNTER_MAX - this.frequency(stamp) : (this.#step - stamp) & STAMP_MASK;
  }
}

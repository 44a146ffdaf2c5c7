/**
 * The clocks of one simulated machine. Its crystal is a little fast or slow (drift), which all its timers feel; its
 * wall clock may be set ahead or back besides (skew, jumps), which only a reader of wall time notices.
 *
 *   monotonic = what the crystal has counted         wall = EPOCH + monotonic + ahead
 *
 * Timers that run already keep their pace when the drift changes. Shared by all lives on the machine.
 */
import { assert } from "../base/assert.ts";
import type { Scheduler } from "./scheduler.ts";

/** Wall time when a world begins: 2026-01-01T00:00:00Z. */
const EPOCH_MS = 1_767_225_600_000;
const DRIFT_PPM_MAX = 500_000;
/** No timer may ring before its time by a rounding error, or the next one would be for no time at all. */
const ROUNDING_MS = 1e-6;

export class HostTime {
  readonly #scheduler: Scheduler;
  #rate = 1;
  #sinceTrueMs = 0;
  #sinceLocalMs = 0;
  /** Of the wall clock, beyond what the crystal counted. */
  #aheadMs = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  monotonicMs(): number {
    return this.#sinceLocalMs + (this.#scheduler.nowMs - this.#sinceTrueMs) * this.#rate;
  }

  wallMs(): number {
    return Math.floor(EPOCH_MS + this.monotonicMs() + this.#aheadMs);
  }

  /** How long `localMs` on these clocks really take. */
  trueMs(localMs: number): number {
    return this.#rate === 1 ? localMs : localMs / this.#rate + ROUNDING_MS;
  }

  /** From now on the crystal is so many millionths fast; slow, if negative. */
  setDrift(ppm: number): void {
    assert(Math.abs(ppm) <= DRIFT_PPM_MAX, `a drift is within ${DRIFT_PPM_MAX} ppm`);
    this.#sinceLocalMs = this.monotonicMs();
    this.#sinceTrueMs = this.#scheduler.nowMs;
    this.#rate = 1 + ppm / 1e6;
  }

  jump(byMs: number): void {
    this.#aheadMs += byMs;
  }

  /** Sets the wall clock to true time and so much more. */
  setSkew(aheadMs: number): void {
    this.#aheadMs = this.#scheduler.nowMs - this.monotonicMs() + aheadMs;
  }
}

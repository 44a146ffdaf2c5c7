/**
 * Phi-accrual failure detector: how surprising the silence of one node is, from the intervals between its heartbeats.
 * Source: Hayashibara et al. 2004, "The phi accrual failure detector".
 *
 *   phi = -log10(probability that a heartbeat comes later than now)
 *   1: wrong once in ten times     8: once in a hundred million
 *
 * Intervals are taken as a shifted exponential distribution of the mean and the deviation that were seen: unlike the paper's
 * normal one, for heartbeats that come by gossip are late by a geometric number of rounds, and a normal tail finds
 * that impossible a hundred times a day. The deviation has a floor, so that very regular beats make nobody suspect for a
 * hiccup. Until there are intervals, a first guess counts.
 */
import { assert } from "../base/assert.ts";

export interface PhiSettings {
  /** Intervals that are remembered. */
  readonly windowSize: number;
  /** The first guess: mean; the deviation is taken as a quarter of it. */
  readonly firstIntervalMs: number;
  readonly deviationMsMin: number;
  /** An interval longer than this tells of a failure, not of a habit, and is not remembered. */
  readonly intervalMsMax: number;
}

export const DEFAULT_PHI_SETTINGS: PhiSettings = {
  windowSize: 200,
  firstIntervalMs: 2_000,
  deviationMsMin: 200,
  intervalMsMax: 10_000,
};

/** So that it can be told and compared: beyond it no number is exact. */
export const PHI_MAX = 300;

export class PhiAccrual {
  readonly #settings: PhiSettings;
  readonly #intervals: Float64Array;
  #count = 0;
  #next = 0;
  #sum = 0;
  #squares = 0;
  #lastMs: number;

  /** Born at a first heartbeat. */
  constructor(nowMs: number, settings = DEFAULT_PHI_SETTINGS) {
    assert(settings.windowSize >= 2, "a window has room for the first guess");
    this.#settings = settings;
    this.#intervals = new Float64Array(settings.windowSize);
    this.#lastMs = nowMs;
    this.#remember(settings.firstIntervalMs * 0.75);
    this.#remember(settings.firstIntervalMs * 1.25);
  }

  /** Times must not go back. */
  onHeartbeat(nowMs: number): void {
    const intervalMs = nowMs - this.#lastMs;
    assert(intervalMs >= 0, "time does not go back");
    this.#lastMs = nowMs;
    if (intervalMs <= this.#settings.intervalMsMax) this.#remember(intervalMs);
  }

  /** 0 to PHI_MAX. */
  phi(nowMs: number): number {
    const mean = this.#sum / this.#count;
    const variance = Math.max(0, this.#squares / this.#count - mean ** 2);
    const deviation = Math.max(this.#settings.deviationMsMin, Math.sqrt(variance));
    // It starts at mean - deviation, and falls by e for every deviation.
    const sinceStartMs = nowMs - this.#lastMs - (mean - deviation);
    return Math.min(PHI_MAX, Math.max(0, sinceStartMs / deviation / Math.LN10));
  }

  #remember(intervalMs: number): void {
    if (this.#count === this.#intervals.length) {
      const old = this.#intervals[this.#next]!;
      this.#sum -= old;
      this.#squares -= old ** 2;
    } else {
      this.#count++;
    }
    this.#intervals[this.#next] = intervalMs;
    this.#next = (this.#next + 1) % this.#intervals.length;
    this.#sum += intervalMs;
    this.#squares += intervalMs ** 2;
  }
}

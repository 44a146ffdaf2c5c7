/**
 * How fast hints go to one node. Pure. It starts carefully, grows while all goes well, and gives way to the node's own
 * work: who has just come back has enough to do.
 *
 *   all acknowledged     twice as many at a time; then the node is left alone for as long as that took
 *   the node is slow     for its distance: half as many, and a longer pause
 *   OVERLOADED           one at a time, after a pause that doubles
 *   another failure      half as many, after a pause that doubles
 */

export interface PaceSettings {
  /** Hints under way at a time. */
  readonly windowMax: number;
  /** A node that answers sooner than this is not called slow, however soon it has answered at other times. */
  readonly slowMs: number;
  readonly pauseMaxMs: number;
}

export const DEFAULT_PACE: PaceSettings = { windowMax: 1_024, slowMs: 50, pauseMaxMs: 5_000 };

const FIRST_WINDOW = 16;
const FIRST_PAUSE_MS = 50;
/**
 * Who is slow still gets so many together: a cluster that is busy all day must not take days over the hints of an
 * hour, during which reads have to consult those who keep them.
 */
const SLOW_WINDOW = 64;
/** Slow: so many times the time that it needs at its best. What that is, is forgotten bit by bit. */
const SLOW_FACTOR = 4;
const FORGETTING = 1.01;

export class DeliveryPace {
  readonly #settings: PaceSettings;
  #window = FIRST_WINDOW;
  #failurePauseMs = FIRST_PAUSE_MS;
  #bestMs = Number.POSITIVE_INFINITY;

  constructor(settings: PaceSettings) {
    this.#settings = settings;
  }

  /** How many hints may be sent together. */
  get window(): number {
    return Math.min(this.#window, this.#settings.windowMax);
  }

  /** Each of these returns how long to wait before the next. */
  onDelivered({ tookMs, p99Ms }: { readonly tookMs: number; readonly p99Ms: number }): number {
    const { slowMs, windowMax, pauseMaxMs } = this.#settings;
    this.#failurePauseMs = FIRST_PAUSE_MS;
    this.#bestMs = Math.min(tookMs, this.#bestMs * FORGETTING);
    const usualMs = Math.max(tookMs, p99Ms);
    const isSlow = usualMs > Math.max(slowMs, SLOW_FACTOR * this.#bestMs);
    if (isSlow) this.#window = Math.max(SLOW_WINDOW, this.#window >> 1);
    else this.#window = Math.min(windowMax, 2 * this.#window);
    return Math.min(pauseMaxMs, isSlow ? usualMs : tookMs);
  }

  onOverloaded(): number {
    this.#window = 1;
    return this.#failurePause();
  }

  onFailure(): number {
    this.#window = Math.max(1, this.#window >> 1);
    return this.#failurePause();
  }

  #failurePause(): number {
    const pauseMs = this.#failurePauseMs;
    this.#failurePauseMs = Math.min(this.#settings.pauseMaxMs, 2 * pauseMs);
    return pauseMs;
  }
}

/**
 * Tells the tick that comes after a standstill of this very process: answers that came meanwhile lie unread, so that
 * nobody should be given up in it. Never two in a row: where every tick comes late, time goes on all the same.
 */
const STALL_MS = 100;

export class StallWatch {
  #lastMs: number | undefined;
  #hasSpared = false;

  /** True if this tick is to be passed over. Requires: ticks about every forty milliseconds, or more often. */
  onTick(nowMs: number): boolean {
    const isLate = this.#lastMs !== undefined && nowMs - this.#lastMs > STALL_MS;
    this.#lastMs = nowMs;
    this.#hasSpared = isLate && !this.#hasSpared;
    return this.#hasSpared;
  }

  /** The ticks end, and begin again some time. */
  reset(): void {
    this.#lastMs = undefined;
    this.#hasSpared = false;
  }
}

/**
 * How long a peer takes to answer: a moving average, the least, and the time that 99 of 100 answers stay below, the latter
 * two of the last seconds only. Hot: `record` once per answer.
 */
import { LatencyHistogram } from "../base/latency-histogram.ts";

const WINDOW_MS = 10_000;
const LOOK_MS = 500;
/** Fewer answers say little about the hundredth. */
const ENOUGH = 100;
/** Each answer moves the average by so much of the difference. */
const WEIGHT = 1 / 8;

export class RoundTrips {
  /** 0 before the first answer. */
  averageMs = 0;
  /** 0 before the first answer. Renewed twice a second. */
  p99Ms = 0;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #current = new LatencyHistogram();
  #previous = new LatencyHistogram();
  #windowEndMs = 0;
  #lookAtMs = 0;

  /** 0 before the first answer: what the way takes, if nothing else holds an answer up. */
  get leastMs(): number {
    const least = Math.min(this.#least, this.#leastBefore);
    return least === Number.POSITIVE_INFINITY ? 0 : least;
  }

  record(tookMs: number): void {
    if (tookMs < this.#least) this.#least = tookMs;
    this.#current.record(tookMs * 1_000);
    this.averageMs += this.averageMs === 0 ? tookMs : (tookMs - this.averageMs) * WEIGHT;
  }

  onTick(nowMs: number): void {
    if (nowMs < this.#lookAtMs) return;
    this.#lookAtMs = nowMs + LOOK_MS;
    this.#look();
    if (nowMs < this.#windowEndMs) return;
    this.#windowEndMs = nowMs + WINDOW_MS;
    // Who has not answered at all in a window is as far away as before.
    if (this.#least < Number.POSITIVE_INFINITY) this.#leastBefore = this.#least;
    this.#least = Number.POSITIVE_INFINITY;
    const spare = this.#previous;
    this.#previous = this.#current;
    this.#current = spare;
    spare.reset();
  }

  /** The present window if it says enough, else the one before, else whatever there is. */
  #look(): void {
    const current = this.#current;
    const previous = this.#previous;
    const teller = current.count >= ENOUGH || current.count >= previous.count ? current : previous;
    if (teller.count > 0) this.p99Ms = teller.percentileMicros(99) / 1_000;
  }
}

/**
 * How long to wait before the next attempt: a random part of a time that doubles with each failure ("full jitter"), so
 * that nodes that lost the same peer at once do not come back at once.
 * Source: Marc Brooker 2015, "Exponential Backoff and Jitter".
 */
import type { Random } from "../runtime/runtime.ts";

/** Beyond it the doubling has long reached any maximum. */
const DOUBLINGS_MAX = 30;

export class BackOff {
  readonly #random: Pick<Random, "below">;
  readonly #baseMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor(random: Pick<Random, "below">, { baseMs, maxMs }: { baseMs: number; maxMs: number }) {
    this.#random = random;
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
  }

  get failures(): number {
    return this.#failures;
  }

  noteFailure(): void {
    this.#failures++;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** In [1, limit], where the limit doubles from the base to the maximum. */
  delayMs(): number {
    const limitMs = Math.min(this.#maxMs, this.#baseMs * 2 ** Math.min(this.#failures, DOUBLINGS_MAX));
    return 1 + this.#random.below(Math.max(1, limitMs));
  }
}

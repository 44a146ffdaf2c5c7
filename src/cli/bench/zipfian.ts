/**
 * Ranks by Zipf's law: rank r (from 0) comes up in proportion to 1 / (r + 1)^0.99, as in YCSB.
 * Source: Gray et al. 1994, "Quickly Generating Billion-Record Synthetic Databases", section 3.2.
 */
import { assert } from "../../base/assert.ts";

/** YCSB's. */
export const THETA = 0.99;
/** Up to here the sum is taken term by term; beyond, the integral is exact to more digits than matter. */
const SUMMED_MAX = 1_000_000;

export class Zipfian {
  #count = 0;
  #zeta = 0;
  #eta = 0;
  readonly #alpha = 1 / (1 - THETA);
  readonly #half = 0.5 ** THETA;

  /** Requires: count > 0. */
  constructor(count: number) {
    this.grow(count);
  }

  /** Ranks are below `count` from now on. It only grows: then a step costs little. */
  grow(count: number): void {
    assert(count > 0 && count >= this.#count, "the number of ranks only grows");
    if (count === this.#count) return;
    this.#zeta += zetaBetween(this.#count, count);
    this.#count = count;
    const zetaOfTwo = 1 + this.#half;
    this.#eta = (1 - (2 / count) ** (1 - THETA)) / (1 - zetaOfTwo / this.#zeta);
  }

  /** The rank that `fraction`, in [0, 1), falls on. */
  rankOf(fraction: number): number {
    const scaled = fraction * this.#zeta;
    if (scaled < 1 || this.#count === 1) return 0;
    if (scaled < 1 + this.#half) return 1;
    const rank = Math.floor(this.#count * (this.#eta * fraction - this.#eta + 1) ** this.#alpha);
    return Math.min(rank, this.#count - 1);
  }
}

/** The sum of 1 / k^THETA for k in (from, to]. */
function zetaBetween(from: number, to: number): number {
  let sum = 0;
  const summed = Math.min(to, Math.max(from, SUMMED_MAX));
  for (let k = from + 1; k <= summed; k++) sum += k ** -THETA;
  if (to <= summed) return sum;
  const start = Math.max(from, summed);
  const integral = (to ** (1 - THETA) - start ** (1 - THETA)) / (1 - THETA);
  return sum + integral + (to ** -THETA - start ** -THETA) / 2;
}

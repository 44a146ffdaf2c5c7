/**
 * Chance for a load: fast, and the same for the same seed. Source: Marsaglia 2003, "Xorshift RNGs" (13, 17, 5).
 * Not for secrets, and not for statistics of more than a few hundred million draws.
 */
export class QuickRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) | 0 || 1; // all zeros would stay so
  }

  /** In [0, 1). */
  fraction(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, limit). Requires: 0 < limit <= 2^32. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }
}

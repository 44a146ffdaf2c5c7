/**
 * The best candidates for eviction seen so far, worst first. Sampling a few rows each time and remembering the best
 * comes close to a true order of all rows, at no cost per use.
 * Source: Redis, "Using Redis as an LRU cache", section "Approximated LRU algorithm".
 */

const CANDIDATES_MAX = 16;

export class EvictionPool {
  readonly #staleness = new Float64Array(CANDIDATES_MAX);
  readonly #hashes = new Int32Array(CANDIDATES_MAX);
  readonly #addresses = new Int32Array(CANDIDATES_MAX);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Of the candidate that `removeBest` takes. Requires: count > 0. */
  get bestHash(): number {
    return this.#hashes[this.#count - 1]!;
  }

  get bestAddress(): number {
    return this.#addresses[this.#count - 1]!;
  }

  get bestStaleness(): number {
    return this.#staleness[this.#count - 1]!;
  }

  removeBest(): void {
    this.#count--;
  }

  /** Keeps the row if it is among the best; it may be in the pool already. */
  offer(hash: number, address: number, staleness: number): void {
    if (this.#count === CANDIDATES_MAX && staleness <= this.#staleness[0]!) return;
    for (let i = 0; i < this.#count; i++) if (this.#addresses[i] === address) return;
    if (this.#count === CANDIDATES_MAX) this.#dropWorst();
    let place = this.#count++;
    for (; place > 0 && this.#staleness[place - 1]! > staleness; place--) this.#move(place - 1, place);
    this.#staleness[place] = staleness;
    this.#hashes[place] = hash;
    this.#addresses[place] = address;
  }

  clear(): void {
    this.#count = 0;
  }

  #dropWorst(): void {
    for (let i = 1; i < this.#count; i++) this.#move(i, i - 1);
    this.#count--;
  }

  #move(from: number, to: number): void {
    this.#staleness[to] = this.#staleness[from]!;
    this.#hashes[to] = this.#hashes[from]!;
    this.#addresses[to] = this.#addresses[from]!;
  }
}

/**
 * The most frequent items of an endless stream, in bounded memory.
 * Source: Metwally, Agrawal, El Abbadi 2005, "Efficient computation of frequent and top-k elements in data streams"
 * (Space-Saving).
 *
 *   an item that is kept      its count grows
 *   one that is not           takes the place of the one with the least count, and inherits that: it may have been there so often
 *
 * Invariant: count - error <= the item's true weight <= count, of each item that is kept; and whoever has more than
 * total / capacity is kept. Both hold of what is left after `decay`.
 */
import { assert } from "./assert.ts";

export interface HeavyHitter {
  readonly item: string;
  /** At most so much too high. */
  readonly count: number;
  readonly error: number;
}

interface Counter {
  count: number;
  error: number;
}

export class HeavyHitters {
  readonly #capacity: number;
  readonly #counters = new Map<string, Counter>();
  #total = 0;

  /** Requires: capacity > 0. */
  constructor(capacity: number) {
    assert(capacity > 0, "something must be kept");
    this.#capacity = capacity;
  }

  /** The weight of all that was added. */
  get total(): number {
    return this.#total;
  }

  add(item: string, weight: number): void {
    this.#total += weight;
    const present = this.#counters.get(item);
    if (present !== undefined) present.count += weight;
    else if (this.#counters.size < this.#capacity) this.#counters.set(item, { count: weight, error: 0 });
    else this.#replaceLeast(item, weight);
  }

  /** Makes everything weigh less, and forgets what weighs next to nothing. */
  decay(factor: number, negligible: number): void {
    this.#total *= factor;
    for (const [item, counter] of this.#counters) {
      counter.count *= factor;
      counter.error *= factor;
      if (counter.count < negligible) this.#counters.delete(item);
    }
  }

  /** The heaviest first. */
  top(countMax: number): readonly HeavyHitter[] {
    return [...this.#counters]
      .map(([item, { count, error }]) => ({ item, count, error }))
      .sort((a, b) => b.count - a.count || (a.item < b.item ? -1 : 1))
      .slice(0, countMax);
  }

  #replaceLeast(item: string, weight: number): void {
    let least: string | undefined;
    let leastCount = Number.POSITIVE_INFINITY;
    for (const [kept, { count }] of this.#counters) {
      if (count >= leastCount) continue;
      least = kept;
      leastCount = count;
    }
    this.#counters.delete(least!);
    this.#counters.set(item, { count: leastCount + weight, error: leastCount });
  }
}

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
 * An item costs a few steps, whoever it takes the place of: many keys come once only.
 */
import { assert } from "./assert.ts";

export interface HeavyHitter {
  readonly item: string;
  /** At most so much too high. */
  readonly count: number;
  readonly error: number;
}

interface Counter {
  item: string;
  count: number;
  error: number;
  /** In the heap. */
  at: number;
}

export class HeavyHitters {
  readonly #capacity: number;
  readonly #counters = new Map<string, Counter>();
  /** A binary heap: nobody weighs less than the one at half its place, so the lightest is first. */
  #heap: Counter[] = [];
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
    let counter = this.#counters.get(item);
    if (counter === undefined) counter = this.#take(item);
    counter.count += weight;
    this.#sink(counter);
  }

  /** Makes everything weigh less, and forgets what weighs next to nothing. */
  decay(factor: number, negligible: number): void {
    this.#total *= factor;
    const kept: Counter[] = [];
    for (const counter of this.#heap) {
      counter.count *= factor;
      counter.error *= factor;
      if (counter.count < negligible) this.#counters.delete(counter.item);
      else kept.push(counter);
    }
    kept.sort((a, b) => a.count - b.count); // a sorted list is a heap
    kept.forEach((counter, at) => {
      counter.at = at;
    });
    this.#heap = kept;
  }

  /** The heaviest first. */
  top(countMax: number): readonly HeavyHitter[] {
    return this.#heap
      .map(({ item, count, error }) => ({ item, count, error }))
      .sort((a, b) => b.count - a.count || (a.item < b.item ? -1 : 1))
      .slice(0, countMax);
  }

  /** A counter for an item that has none: a new one of no weight, or the lightest with what it weighs. */
  #take(item: string): Counter {
    const heap = this.#heap;
    let counter: Counter;
    if (heap.length < this.#capacity) {
      counter = { item, count: 0, error: 0, at: heap.length };
      heap.push(counter);
      this.#raise(counter);
    } else {
      counter = heap[0]!;
      this.#counters.delete(counter.item);
      counter.item = item;
      counter.error = counter.count;
    }
    this.#counters.set(item, counter);
    return counter;
  }

  /** Puts in its place what may be too light for where it is. */
  #raise(counter: Counter): void {
    while (counter.at > 0) {
      const above = this.#heap[(counter.at - 1) >> 1]!;
      if (above.count <= counter.count) return;
      this.#swap(above, counter);
    }
  }

  /** Puts in its place what may be too heavy for where it is. */
  #sink(counter: Counter): void {
    const heap = this.#heap;
    for (;;) {
      const left = heap[2 * counter.at + 1];
      if (left === undefined) return;
      const right = heap[2 * counter.at + 2];
      const lighter = right !== undefined && right.count < left.count ? right : left;
      if (lighter.count >= counter.count) return;
      this.#swap(counter, lighter);
    }
  }

  #swap(a: Counter, b: Counter): void {
    const { at } = a;
    a.at = b.at;
    b.at = at;
    this.#heap[a.at] = a;
    this.#heap[b.at] = b;
  }
}

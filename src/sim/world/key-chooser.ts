/** Which key a client takes next: few of them much more often than the rest, as by Zipf's law. */
import { assert } from "../../base/assert.ts";
import type { SimRandom } from "../sim-random.ts";

export class KeyChooser {
  /** Of each key, the share of all choices that falls on it or one before it. */
  readonly #upTo: readonly number[];

  /** With `skew` 0 all keys are alike; with 1 the second is chosen half as often as the first. */
  constructor(count: number, skew: number) {
    assert(count > 0, "there is no key");
    const weights = Array.from({ length: count }, (_, i) => 1 / (i + 1) ** skew);
    const sum = weights.reduce((a, b) => a + b);
    let upTo = 0;
    this.#upTo = weights.map((weight) => (upTo += weight / sum));
  }

  /** A number below the count. */
  choose(random: SimRandom): number {
    const drawn = random.between(0, 1);
    const found = this.#upTo.findIndex((upTo) => drawn < upTo);
    return found === -1 ? this.#upTo.length - 1 : found;
  }
}

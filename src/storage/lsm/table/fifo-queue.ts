/** A queue of small whole numbers in a ring that grows: nothing is allocated per number. */
import { assert } from "../../../base/assert.ts";

export class FifoQueue {
  /** A power of two of places; the queue is `length` of them from `#head` on, around the end. */
  #ring = new Int32Array(64);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length++) & (this.#ring.length - 1)] = value;
  }

  /** Requires: not empty. */
  shift(): number {
    assert(this.#length > 0, "the queue is empty");
    const value = this.#ring[this.#head]!;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    return value;
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.#ring.length);
    larger.set(this.#ring.subarray(this.#head));
    larger.set(this.#ring.subarray(0, this.#head), this.#ring.length - this.#head);
    this.#ring = larger;
    this.#head = 0;
  }
}

/** How many requests may still begin, of a number that several threads share. Hot: most often it is one subtraction. */

/** A thread takes so small a part of all at a time that all end at about one moment. */
const PARTS_PER_THREAD = 50;
const PART_MAX = 1_000;

export class RequestBudget {
  /** What all threads have taken, perhaps a few parts more than there is. */
  readonly #taken: Int32Array;
  readonly #requests: number;
  readonly #part: number;
  #left = 0;

  constructor(
    taken: Int32Array,
    { requests, threadCount }: { readonly requests: number; readonly threadCount: number },
  ) {
    this.#taken = taken;
    this.#requests = requests;
    const fair = Math.floor(requests / threadCount / PARTS_PER_THREAD);
    this.#part = Math.max(1, Math.min(fair, PART_MAX));
  }

  /** True if there is nothing left to take. */
  get isSpent(): boolean {
    return this.#left === 0 && Atomics.load(this.#taken, 0) >= this.#requests;
  }

  /** True if another request may begin: now it has. */
  take(): boolean {
    if (this.#left === 0 && !this.#takePart()) return false;
    this.#left--;
    return true;
  }

  #takePart(): boolean {
    if (this.isSpent) return false; // else the number would grow with every question
    const before = Atomics.add(this.#taken, 0, this.#part);
    this.#left = Math.max(0, Math.min(this.#part, this.#requests - before));
    return this.#left > 0;
  }
}

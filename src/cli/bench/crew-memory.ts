/**
 * What the threads of one load share, in memory that all of them see: who has connected, whether one has given up, how
 * many requests have begun, and how far each thread is.
 *
 *   offset  size
 *        0     4  threads that have connected all their clients
 *        4     4  1 if one has given up: the others may, too
 *        8     4  requests begun since the warm-up, or promised to a thread
 *       16  24 x  of each thread: 1 once it is warm, operations done, milliseconds since it is warm
 */
import { RequestBudget } from "./request-budget.ts";

const CONNECTED = 0;
const GIVEN_UP = 1;
const BEGUN = 2;
const FLAG_BYTES = 16;
const FIELDS = 3;

/** How far a load is. */
export interface LoadProgress {
  readonly isWarmingUp: boolean;
  readonly count: number;
  readonly elapsedMs: number;
}

export class CrewMemory {
  /** Give it to another thread, and make a CrewMemory of it there. */
  readonly bytes: SharedArrayBuffer;
  readonly #flags: Int32Array;
  readonly #progress: Float64Array;
  readonly #threadCount: number;

  constructor(threadCount: number, bytes = new SharedArrayBuffer(FLAG_BYTES + 8 * FIELDS * threadCount)) {
    this.bytes = bytes;
    this.#threadCount = threadCount;
    this.#flags = new Int32Array(bytes, 0, FLAG_BYTES / 4);
    this.#progress = new Float64Array(bytes, FLAG_BYTES);
  }

  noteConnected(): void {
    Atomics.add(this.#flags, CONNECTED, 1);
  }

  get areAllConnected(): boolean {
    return Atomics.load(this.#flags, CONNECTED) === this.#threadCount;
  }

  giveUp(): void {
    Atomics.store(this.#flags, GIVEN_UP, 1);
  }

  get isGivenUp(): boolean {
    return Atomics.load(this.#flags, GIVEN_UP) === 1;
  }

  /** This thread's part of what all may begin. */
  budget(requests: number): RequestBudget {
    return new RequestBudget(this.#flags.subarray(BEGUN, BEGUN + 1), {
      requests,
      threadCount: this.#threadCount,
    });
  }

  note(thread: number, { isWarmingUp, count, elapsedMs }: LoadProgress): void {
    this.#progress.set([isWarmingUp ? 0 : 1, count, elapsedMs], FIELDS * thread);
  }

  /** Of all threads together. */
  get progress(): LoadProgress {
    let isWarmingUp = false;
    let count = 0;
    let elapsedMs = 0;
    for (let at = 0; at < this.#progress.length; at += FIELDS) {
      if (this.#progress[at] === 0) isWarmingUp = true;
      count += this.#progress[at + 1]!;
      elapsedMs = Math.max(elapsedMs, this.#progress[at + 2]!);
    }
    return { isWarmingUp, count, elapsedMs };
  }
}

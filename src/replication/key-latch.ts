/**
 * Keeps the read and the write of one key together where an await lies between them. Keys are known by their
 * row key's hash: two that share one merely wait for each other.
 *
 * Invariant: two tasks that share a key never overlap, and run in the order they came. A task takes its place
 * behind all its keys in one step, so a set of tasks can never wait for each other in a circle.
 */
export class KeyLatch {
  readonly #tails = new Map<number, Promise<void>>();

  /** True if nobody holds or awaits any key. */
  get isIdle(): boolean {
    return this.#tails.size === 0;
  }

  /** True while a task holds or awaits the key: only then must work that needs no await queue behind it. */
  holds(hash: number): boolean {
    return this.#tails.size > 0 && this.#tails.has(hash);
  }

  /** Resolves as `task` does, which runs once every earlier task on any of `hashes` has ended. */
  async run<T>(hashes: readonly number[], task: () => T | Promise<T>): Promise<T> {
    const earlier = hashes.map((hash) => this.#tails.get(hash));
    let end!: () => void;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    for (const hash of hashes) this.#tails.set(hash, ended);
    try {
      await Promise.all(earlier);
      return await task();
    } finally {
      for (const hash of hashes) if (this.#tails.get(hash) === ended) this.#tails.delete(hash);
      end();
    }
  }
}

/** Those who wait for a batch: one promise per batch, however many ask. */

interface Waiter {
  readonly batch: number;
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

export class BatchWaiters {
  /** By rising batch. */
  #waiters: Waiter[] = [];

  get isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  /** Resolves when `batch` is settled. Requires: no lower than any batch asked for before. */
  wait(batch: number): Promise<void> {
    const last = this.#waiters.at(-1);
    if (last !== undefined && last.batch === batch) return last.promise;
    let resolve!: () => void;
    let reject!: (cause: unknown) => void;
    const promise = new Promise<void>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    this.#waiters.push({ batch, promise, resolve, reject });
    return promise;
  }

  /** Every batch up to this one is settled. */
  settle(batch: number): void {
    let count = 0;
    while (count < this.#waiters.length && this.#waiters[count]!.batch <= batch) count++;
    for (const waiter of this.#waiters.splice(0, count)) waiter.resolve();
  }

  rejectAll(cause: unknown): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(cause);
  }
}

/** A value that is usually there at once: a promise only where the disk had to be touched. */
export type Awaitable<T> = T | Promise<T>;

/** Calls `next` with the value, at once if it is there. */
export function whenReady<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** All the values, at once if all of them are there. */
export function allReady<T>(values: readonly Awaitable<T>[]): Awaitable<readonly T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as readonly T[]);
}

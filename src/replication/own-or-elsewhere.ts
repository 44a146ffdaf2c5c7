/** What a node reads of its own copy; where that is damaged, what the other replicas have. */
import type { Awaitable } from "../base/awaitable.ts";
import { StoreError } from "../base/errors.ts";

/** Rejects as `own` does, but for damage. */
export function ownOrElsewhere<T>(own: Promise<T>, elsewhere: () => Promise<T>): Promise<T>;
export function ownOrElsewhere<T>(own: Awaitable<T>, elsewhere: () => Promise<T>): Awaitable<T>;
export function ownOrElsewhere<T>(own: Awaitable<T>, elsewhere: () => Promise<T>): Awaitable<T> {
  if (!(own instanceof Promise)) return own;
  return own.catch((cause: unknown) => {
    if (!(cause instanceof StoreError) || cause.code !== "CORRUPTION") throw cause;
    return elsewhere();
  });
}

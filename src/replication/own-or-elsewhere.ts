/** What a node reads of its own copy; where that is damaged, what the other replicas have. */
import { StoreError } from "../base/errors.ts";

/** Rejects as `own` does, but for damage. */
export function ownOrElsewhere<T>(own: Promise<T>, elsewhere: () => Promise<T>): Promise<T> {
  return own.catch((cause: unknown) => {
    if (!(cause instanceof StoreError) || cause.code !== "CORRUPTION") throw cause;
    return elsewhere();
  });
}

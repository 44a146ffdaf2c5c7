/** Asynchronous work on many things, a few of them at a time. */

/**
 * Calls `act` with each item, in order, up to `countMax` calls being under way at a time. Once one has failed no more are
 * begun; rejects with the first failure, when none is under way any more.
 */
export async function forEachAtOnce<T>(
  items: readonly T[],
  countMax: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { readonly cause: unknown } | undefined;
  const lane = async (): Promise<void> => {
    while (next < items.length && failure === undefined) {
      try {
        await act(items[next++]!);
      } catch (cause) {
        failure ??= { cause };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(countMax, items.length) }, lane));
  if (failure !== undefined) throw failure.cause;
}

/** Assertions stay on in production: a broken invariant stops the node rather than spreading. */

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws AssertionError if `condition` is false: a bug in Kvorum, never a fault of its user. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

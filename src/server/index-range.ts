/** Ranges of indexes as clients give them: both ends belong to the range; negative ones count from the end. */

/** Empty if `first > last`. */
export interface IndexRange {
  readonly first: number;
  readonly last: number;
}

/** The part of `from`..`to` that lies inside something of `length`. */
export function indexRange(from: bigint, to: bigint, length: number): IndexRange {
  const first = Math.max(0, fromStart(from, length));
  const last = Math.min(Math.max(0, fromStart(to, length)), length - 1);
  return { first, last };
}

/** True if both ends count from the end and stand in the wrong order: some commands ask this before all else. */
export function isReversed(from: bigint, to: bigint): boolean {
  return from < 0n && to < 0n && from > to;
}

/** Far outside the range a number that is only nearly right will do. */
function fromStart(index: bigint, length: number): number {
  return index < 0n ? length + Number(index) : Number(index);
}

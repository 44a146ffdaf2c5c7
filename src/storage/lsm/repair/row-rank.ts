/**
 * Which of several versions of a row counts when nobody can say in what order their tables came. Pure.
 *
 * A table knows the level that it was written for, and the newest log segment whose rows are in it; it may have moved
 * further down since. If a row came later than another of its key, then either it was written for an upper level, or
 * the other one had moved: and then it is of a later segment. So of two tables one surely has the newer version if it
 * is of a later segment, and was not written for a lower level.
 */
export interface RowRank {
  /** NaN if not known: then nothing is sure. */
  readonly level: number;
  readonly age: number;
}

export interface RankedCell {
  readonly rank: RowRank;
  /** Empty if the row is forgotten. */
  readonly cell: Uint8Array;
}

export function isSurelyNewer(a: RowRank, b: RowRank): boolean {
  return a.age > b.age && a.level <= b.level;
}

/**
 * The cell of a row that has these versions; empty if it is forgotten. Those that may be the newest are merged: of
 * these, a forgotten one counts least, so that nothing is lost which may be alive.
 */
export function newestCell(
  versions: readonly RankedCell[],
  merge: (a: Uint8Array, b: Uint8Array) => Uint8Array,
): Uint8Array {
  const newest = versions.filter(({ rank }) => !versions.some((other) => isSurelyNewer(other.rank, rank)));
  const live = newest.map(({ cell }) => cell).filter((cell) => cell.length > 0);
  return live.length === 0 ? new Uint8Array(0) : live.reduce(merge);
}

/** The name somebody probably meant. */

/** The nearest of `names` by edit distance, or undefined if none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  const distanceMax = Math.max(1, Math.floor(name.length / 3));
  return best !== undefined && best.distance <= distanceMax ? best.candidate : undefined;
}

/** Levenshtein distance: how many characters to add, drop or change. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      current.push(Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + change));
    }
    above = current;
  }
  return above[b.length]!;
}

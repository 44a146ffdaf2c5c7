/**
 * Where a search for a linearization has been, and need not go again: Lowe's memory of sets of calls with a state.
 *
 * Having used fewer calls of unknown outcome is never worse: they may be used later, or not at all. So a place is known
 * not only if it is there itself, but also if the same place is there with fewer of them used.
 */
export class DeadEnds {
  readonly #usesAt = new Map<string, (readonly number[])[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /**
   * True if the place is new; then it is no longer.
   * `used` says how many unknown calls of each kind are used; it is copied.
   */
  isNew(place: string, used: readonly number[]): boolean {
    const known = this.#usesAt.get(place);
    if (known?.some((fewer) => fewer.every((count, kind) => count <= used[kind]!))) return false;
    this.#count++;
    const own = used.slice();
    if (known === undefined) this.#usesAt.set(place, [own]);
    else known.push(own);
    return true;
  }
}

/** What is under way, by age, without an object for each: entries are linked through themselves. Each is in one list at most. */
export interface Aged<Self> {
  startedMs: number;
  /** Neighbours in the list: its own concern. */
  older: Self | undefined;
  newer: Self | undefined;
}

export class AgeList<Entry extends Aged<Entry>> {
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** Requires: it began after all that are there. */
  add(entry: Entry): void {
    entry.newer = undefined;
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#count++;
  }

  /** Requires: it is there. */
  remove(entry: Entry): void {
    const { older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    entry.older = undefined;
    entry.newer = undefined;
    this.#count--;
  }

  /** Shows those that began by then, oldest first; the one that is shown may be removed. */
  visit(startedMs: number, visit: (entry: Entry) => void): void {
    let entry = this.#oldest;
    while (entry !== undefined && entry.startedMs <= startedMs) {
      const { newer }: { newer: Entry | undefined } = entry;
      visit(entry);
      entry = newer;
    }
  }
}

/** Where the hints of a row are in one file, by the hash of the row: 8 bytes a hint, and 8 to 16 for each other row. */

const EMPTY = 0;
const INITIAL_SLOTS = 16;

export class HintIndex {
  /** Open addressing: the number of the row's newest entry, or EMPTY. Entries are numbered from 1. */
  #slots = new Uint32Array(INITIAL_SLOTS);
  #rows = 0;
  #hashes = new Int32Array(INITIAL_SLOTS);
  #offsets = new Uint32Array(INITIAL_SLOTS);
  /** The entry of the same hash before this one, or EMPTY. */
  #links = new Uint32Array(INITIAL_SLOTS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(hash: number, offset: number): void {
    const entry = ++this.#count;
    if (entry >= this.#offsets.length) this.#growEntries();
    if (2 * (this.#rows + 1) > this.#slots.length) this.#growSlots();
    const slot = this.#slotOf(hash);
    const before = this.#slots[slot]!;
    if (before === EMPTY) this.#rows++;
    this.#hashes[entry] = hash;
    this.#offsets[entry] = offset;
    this.#links[entry] = before;
    this.#slots[slot] = entry;
  }

  /** Newest first. */
  offsetsOf(hash: number, countMax: number): number[] {
    const offsets: number[] = [];
    let entry = this.#slots[this.#slotOf(hash)]!;
    while (entry !== EMPTY && offsets.length < countMax) {
      offsets.push(this.#offsets[entry]!);
      entry = this.#links[entry]!;
    }
    return offsets;
  }

  #slotOf(hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== EMPTY && this.#hashes[this.#slots[slot]!] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  #growSlots(): void {
    const newest = this.#slots.filter((entry) => entry !== EMPTY);
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (const entry of newest) this.#slots[this.#slotOf(this.#hashes[entry]!)] = entry;
  }

  #growEntries(): void {
    const length = 2 * this.#offsets.length;
    const hashes = new Int32Array(length);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#offsets = grown(this.#offsets, length);
    this.#links = grown(this.#links, length);
  }
}

function grown(numbers: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const longer = new Uint32Array(length);
  longer.set(numbers);
  return longer;
}

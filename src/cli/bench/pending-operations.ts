/**
 * Operations whose replies are still to come, in their order: a ring that grows. Hot: nothing is allocated, and what
 * differs in nothing that matters afterwards, as all of one pipeline do, is one entry with a count.
 */
const START_ENTRIES = 16;

/** In place of a record that nobody asks for again. */
export const ANY_RECORD = -1;

/** Use: the fields of the oldest operation while `length` > 0; then `drop`. */
export class PendingOperations {
  /** Operations, not entries. */
  length = 0;
  #head = 0;
  #entries = 0;
  #kinds = new Uint8Array(START_ENTRIES);
  #startsMs = new Float64Array(START_ENTRIES);
  #records = new Float64Array(START_ENTRIES);
  #counts = new Uint32Array(START_ENTRIES);

  get kind(): number {
    return this.#kinds[this.#head]!;
  }

  get startMs(): number {
    return this.#startsMs[this.#head]!;
  }

  get record(): number {
    return this.#records[this.#head]!;
  }

  push(kind: number, startMs: number, record: number): void {
    this.length++;
    if (record === ANY_RECORD && this.#entries > 0) {
      const last = this.#at(this.#entries - 1);
      if (
        this.#kinds[last] === kind &&
        this.#startsMs[last] === startMs &&
        this.#records[last] === ANY_RECORD
      ) {
        this.#counts[last]!++;
        return;
      }
    }
    if (this.#entries === this.#kinds.length) this.#grow();
    const at = this.#at(this.#entries++);
    this.#kinds[at] = kind;
    this.#startsMs[at] = startMs;
    this.#records[at] = record;
    this.#counts[at] = 1;
  }

  /** Drops the oldest, and up to `countMax` of them if those behind it are like it. Returns how many. */
  drop(countMax: number): number {
    const count = this.#counts[this.#head]!;
    const dropped = Math.min(count, countMax);
    this.length -= dropped;
    if (dropped < count) {
      this.#counts[this.#head] = count - dropped;
    } else {
      this.#head = this.#at(1);
      this.#entries--;
    }
    return dropped;
  }

  clear(): void {
    this.length = this.#entries = 0;
  }

  #at(entry: number): number {
    return (this.#head + entry) & (this.#kinds.length - 1);
  }

  #grow(): void {
    const length = 2 * this.#entries;
    this.#kinds = unrolled(this.#kinds, this.#head, new Uint8Array(length));
    this.#startsMs = unrolled(this.#startsMs, this.#head, new Float64Array(length));
    this.#records = unrolled(this.#records, this.#head, new Float64Array(length));
    this.#counts = unrolled(this.#counts, this.#head, new Uint32Array(length));
    this.#head = 0;
  }
}

/** A full ring in `larger`, its oldest first. */
function unrolled<T extends Uint8Array | Uint32Array | Float64Array>(ring: T, head: number, larger: T): T {
  larger.set(ring.subarray(head) as never, 0);
  larger.set(ring.subarray(0, head) as never, ring.length - head);
  return larger;
}

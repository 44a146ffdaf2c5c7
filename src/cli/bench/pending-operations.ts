/** Operations whose replies are still to come, in their order: a ring that grows. Hot: nothing is allocated. */
const START_COUNT = 16;

/** Use: the fields of the oldest at `head`, while `length` > 0; then `drop`. */
export class PendingOperations {
  length = 0;
  #head = 0;
  #kinds = new Uint8Array(START_COUNT);
  #startsMs = new Float64Array(START_COUNT);
  #records = new Float64Array(START_COUNT);

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
    if (this.length === this.#kinds.length) this.#grow();
    const at = (this.#head + this.length++) & (this.#kinds.length - 1);
    this.#kinds[at] = kind;
    this.#startsMs[at] = startMs;
    this.#records[at] = record;
  }

  drop(): void {
    this.#head = (this.#head + 1) & (this.#kinds.length - 1);
    this.length--;
  }

  clear(): void {
    this.length = 0;
  }

  #grow(): void {
    this.#kinds = unrolled(this.#kinds, this.#head, new Uint8Array(2 * this.length));
    this.#startsMs = unrolled(this.#startsMs, this.#head, new Float64Array(2 * this.length));
    this.#records = unrolled(this.#records, this.#head, new Float64Array(2 * this.length));
    this.#head = 0;
  }
}

/** A full ring in `larger`, its oldest first. */
function unrolled<T extends Uint8Array | Float64Array>(ring: T, head: number, larger: T): T {
  larger.set(ring.subarray(head) as never, 0);
  larger.set(ring.subarray(0, head) as never, ring.length - head);
  return larger;
}

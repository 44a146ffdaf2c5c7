/**
 * The summary of all tables. What a new table adds is added bit by bit, since a large one takes milliseconds; but whoever
 * reads sees all of it.
 */
import { SLOT_COUNT } from "../../../ring/slot.ts";
import type { Clock } from "../../../runtime/runtime.ts";
import { MerkleSummary, SLOT_LEAF_COUNT } from "../table/merkle-summary.ts";

const LEAF_COUNT = SLOT_COUNT * SLOT_LEAF_COUNT;
const LEAVES_PER_STEP = 512 * SLOT_LEAF_COUNT;

export class TableSummary {
  readonly #clock: Pick<Clock, "defer">;
  #summary: MerkleSummary;
  /** Its leaves before `#addedLeaves` are in `#summary`, too. */
  #pending: MerkleSummary | undefined;
  #addedLeaves = 0;

  constructor(clock: Pick<Clock, "defer">, summary: MerkleSummary) {
    this.#clock = clock;
    this.#summary = summary;
  }

  /** Changes with every `add`. */
  get whole(): MerkleSummary {
    while (this.#pending !== undefined) this.#addSome();
    return this.#summary;
  }

  /** The other one must not change any more. */
  add(other: MerkleSummary): void {
    while (this.#pending !== undefined) this.#addSome();
    this.#pending = other;
    this.#addedLeaves = 0;
    this.#clock.defer(this.#step);
  }

  clear(): void {
    this.#summary = new MerkleSummary();
    this.#pending = undefined;
  }

  readonly #step = (): void => {
    if (this.#pending === undefined) return;
    this.#addSome();
    this.#clock.defer(this.#step);
  };

  #addSome(): void {
    const end = Math.min(this.#addedLeaves + LEAVES_PER_STEP, LEAF_COUNT);
    this.#summary.addSummary(this.#pending!, this.#addedLeaves, end);
    this.#addedLeaves = end;
    if (end === LEAF_COUNT) this.#pending = undefined;
  }
}

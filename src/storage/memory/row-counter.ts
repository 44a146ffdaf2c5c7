/** How many rows there are, and how many of them expire: by database, and by slot. */
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { RowCounts } from "../storage-engine.ts";

const DATABASE_COUNT = 256;

export class RowCounter {
  readonly #rows = new Float64Array(DATABASE_COUNT);
  readonly #expiring = new Float64Array(DATABASE_COUNT);
  /** By database; made when the database gets its first row. */
  readonly #slots: (Int32Array | undefined)[] = [];

  get sizeBytes(): number {
    let tables = 0;
    for (const table of this.#slots) if (table !== undefined) tables++;
    return tables * SLOT_COUNT * Int32Array.BYTES_PER_ELEMENT;
  }

  /** `change` is 1 or -1. */
  count(slot: number, database: number, change: number): void {
    this.#rows[database]! += change;
    let slots = this.#slots[database];
    if (slots === undefined) {
      while (this.#slots.length < database) this.#slots.push(undefined);
      slots = this.#slots[database] = new Int32Array(SLOT_COUNT);
    }
    slots[slot]! += change;
  }

  countExpiring(database: number, change: number): void {
    this.#expiring[database]! += change;
  }

  of(database: number): RowCounts {
    return { rows: this.#rows[database]!, expiring: this.#expiring[database]! };
  }

  ofSlot(slot: number, database: number): number {
    return this.#slots[database]?.[slot] ?? 0;
  }

  clear(): void {
    this.#rows.fill(0);
    this.#expiring.fill(0);
    this.#slots.length = 0;
  }
}

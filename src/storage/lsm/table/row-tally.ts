/**
 * Net row counts, so that DBSIZE and a slot's count need no scan: what a table's rows add, less what the rows that they
 * superseded had added. Counts of parts add up to those of the whole, as Merkle sums do. What counts as a row (a
 * tombstone does not) is the caller's to say.
 * DO NOT CHANGE: see docs/formats/sstable.md to add a version.
 *
 *   count         LEB128
 *   per slot and database with a count other than 0, by rising slot * 256 + database:
 *     place       LEB128: slot * 256 + database, less the one before (the first: itself)
 *     rows        LEB128, signed: 0, -1, 1, -2, ... are 0, 1, 2, 3, ...
 *     expiring    LEB128, signed: of those rows
 */
import { SLOT_COUNT } from "../../../ring/slot.ts";
import { databaseOfRow, slotOfRow } from "../../row-key.ts";
import type { RowCounts } from "../../storage-engine.ts";
import { ByteSink } from "./byte-sink.ts";
import { ByteSource, type Origin } from "./byte-source.ts";

const DATABASES_MAX = 256;

/** Of one database, by slot. */
interface SlotCounts {
  readonly rows: Int32Array;
  readonly expiring: Int32Array;
  /** Slots that something was added to, each once: so that small tallies are soon gone through. */
  readonly touched: number[];
  readonly isTouched: Uint8Array;
  totalRows: number;
  totalExpiring: number;
}

/** Hot: `add`, once per new row. */
export class RowTally {
  readonly #databases: (SlotCounts | undefined)[] = [];

  /** Adds to the counts of the slot and database of the row whose key starts at `start`; numbers may be negative. */
  addRow(key: Uint8Array, start: number, rows: number, expiring: number): void {
    this.add(slotOfRow(key, start), databaseOfRow(key, start), rows, expiring);
  }

  add(slot: number, database: number, rows: number, expiring: number): void {
    if (rows === 0 && expiring === 0) return;
    const counts = this.#databases[database] ?? this.#begin(database);
    if (counts.isTouched[slot] === 0) {
      counts.isTouched[slot] = 1;
      counts.touched.push(slot);
    }
    counts.rows[slot]! += rows;
    counts.expiring[slot]! += expiring;
    counts.totalRows += rows;
    counts.totalExpiring += expiring;
  }

  addTally(other: RowTally, sign: 1 | -1 = 1): void {
    for (const [database, counts] of other.#databases.entries()) {
      if (counts === undefined) continue;
      const { rows, expiring, touched } = counts;
      for (const slot of touched) this.add(slot, database, sign * rows[slot]!, sign * expiring[slot]!);
    }
  }

  /** Moves the counts of slots below `slot` into a tally of their own: for the part of an output that is complete. */
  takeBelow(slot: number): RowTally {
    const taken = new RowTally();
    for (const [database, counts] of this.#databases.entries()) {
      if (counts === undefined) continue;
      const { rows, expiring, touched } = counts;
      for (const each of touched) if (each < slot) taken.add(each, database, rows[each]!, expiring[each]!);
    }
    this.addTally(taken, -1);
    return taken;
  }

  /** Of one database. */
  counts(database: number): RowCounts {
    const counts = this.#databases[database];
    return { rows: counts?.totalRows ?? 0, expiring: counts?.totalExpiring ?? 0 };
  }

  slotRows(slot: number, database: number): number {
    return this.#databases[database]?.rows[slot] ?? 0;
  }

  /** The tally's section. Equal tallies have equal encodings. */
  encode(): Uint8Array {
    const counts = new ByteSink(1024);
    let count = 0;
    let before = 0;
    for (const slot of this.#touchedSlots()) {
      for (let database = 0; database < this.#databases.length; database++) {
        const rows = this.slotRows(slot, database);
        const expiring = this.#databases[database]?.expiring[slot] ?? 0;
        if (rows === 0 && expiring === 0) continue;
        const place = slot * DATABASES_MAX + database;
        counts.number(place - before);
        counts.signed(rows);
        counts.signed(expiring);
        before = place;
        count++;
      }
    }
    const sink = new ByteSink(counts.length + 8);
    sink.number(count);
    sink.bytes(counts.take());
    return sink.take();
  }

  /** Throws StoreError CORRUPTION if the bytes are not what `encode` makes. */
  static decode(bytes: Uint8Array, origin: Origin): RowTally {
    const tally = new RowTally();
    const source = new ByteSource(bytes, origin);
    const count = source.number();
    let place = 0;
    for (let i = 0; i < count; i++) {
      place += source.number();
      if (place >= SLOT_COUNT * DATABASES_MAX) source.fail("there is no such slot");
      const rows = source.signed();
      tally.add(Math.floor(place / DATABASES_MAX), place % DATABASES_MAX, rows, source.signed());
    }
    source.end();
    return tally;
  }

  /** Rising. */
  #touchedSlots(): readonly number[] {
    const slots = new Set<number>();
    for (const counts of this.#databases) for (const slot of counts?.touched ?? []) slots.add(slot);
    return [...slots].sort((a, b) => a - b);
  }

  #begin(database: number): SlotCounts {
    const counts: SlotCounts = {
      rows: new Int32Array(SLOT_COUNT),
      expiring: new Int32Array(SLOT_COUNT),
      touched: [],
      isTouched: new Uint8Array(SLOT_COUNT),
      totalRows: 0,
      totalExpiring: 0,
    };
    while (this.#databases.length < database) this.#databases.push(undefined); // no holes
    this.#databases[database] = counts;
    return counts;
  }
}

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

export class RowTally {
  /** By slot * 256 + database. */
  readonly #counts = new Map<number, RowCounts>();
  readonly #totals = new Map<number, RowCounts>();

  /** Adds to the counts of the slot and database of the row whose key starts at `start`; numbers may be negative. */
  addRow(key: Uint8Array, start: number, rows: number, expiring: number): void {
    this.add(slotOfRow(key, start), databaseOfRow(key, start), rows, expiring);
  }

  add(slot: number, database: number, rows: number, expiring: number): void {
    if (rows === 0 && expiring === 0) return;
    increase(this.#counts, slot * DATABASES_MAX + database, rows, expiring);
    increase(this.#totals, database, rows, expiring);
  }

  addTally(other: RowTally, sign: 1 | -1 = 1): void {
    for (const [place, { rows, expiring }] of other.#counts) {
      this.add(Math.floor(place / DATABASES_MAX), place % DATABASES_MAX, sign * rows, sign * expiring);
    }
  }

  /** Moves the counts of slots below `slot` into a tally of their own: for the part of an output that is complete. */
  takeBelow(slot: number): RowTally {
    const taken = new RowTally();
    for (const [place, { rows, expiring }] of this.#counts) {
      const placeSlot = Math.floor(place / DATABASES_MAX);
      if (placeSlot < slot) taken.add(placeSlot, place % DATABASES_MAX, rows, expiring);
    }
    this.addTally(taken, -1);
    return taken;
  }

  /** Of one database. */
  counts(database: number): RowCounts {
    return { ...(this.#totals.get(database) ?? NONE) };
  }

  slotRows(slot: number, database: number): number {
    return this.#counts.get(slot * DATABASES_MAX + database)?.rows ?? 0;
  }

  /** The tally's section. Equal tallies have equal encodings. */
  encode(): Uint8Array {
    const places = [...this.#counts.keys()].sort((a, b) => a - b);
    const sink = new ByteSink(places.length * 4 + 8);
    sink.number(places.length);
    let before = 0;
    for (const place of places) {
      const { rows, expiring } = this.#counts.get(place)!;
      sink.number(place - before);
      sink.signed(rows);
      sink.signed(expiring);
      before = place;
    }
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
}

const NONE: RowCounts = { rows: 0, expiring: 0 };

function increase(counts: Map<number, RowCounts>, place: number, rows: number, expiring: number): void {
  const entry = counts.get(place);
  if (entry === undefined) {
    counts.set(place, { rows, expiring });
    return;
  }
  entry.rows += rows;
  entry.expiring += expiring;
  if (entry.rows === 0 && entry.expiring === 0) counts.delete(place);
}

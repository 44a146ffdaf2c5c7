/**
 * The rows of one moment, for a store that keeps them all in slot 0: to be looked up and gone through, in either
 * direction, as often as one likes. What is put later is not seen, and costs nothing but that what was there then
 * stays in memory and on the disk.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import type { RowKey } from "../../row-key.ts";
import type { Memtable } from "../log/memtable.ts";
import { RunScan } from "../log/run-scan.ts";
import { compareKeyAt, placeIn } from "../log/slot-rows.ts";
import type { VersionPin } from "../manifest/version-pins.ts";
import { isForgotten } from "./forgotten-row.ts";
import type { Memtables } from "./memtables.ts";
import type { OpenTables } from "./open-tables.ts";
import { RowScan } from "./row-scan.ts";

/** A memtable as it was. */
interface PastMemtable {
  readonly memtable: Memtable;
  readonly runs: readonly Int32Array[];
  /** Rows from here on are later. */
  readonly end: number;
}

/** What was flushed since may have later rows. */
const NOTHING_RETAINED = Number.POSITIVE_INFINITY;

export class Moment {
  readonly #memtables: Memtables;
  readonly #tables: OpenTables;
  /** The newest first. */
  readonly #past: readonly PastMemtable[];
  readonly #pin: VersionPin;
  #isClosed = false;

  constructor(memtables: Memtables, tables: OpenTables) {
    this.#memtables = memtables;
    this.#tables = tables;
    this.#pin = tables.pin();
    this.#past = memtables.beginScan().map((memtable) => ({
      memtable,
      runs: memtable.plainRows.runs(),
      end: memtable.segment.tail,
    }));
  }

  /** As `get` of StorageEngine. */
  get(key: RowKey, into: ByteRange): boolean | Promise<boolean> {
    if (this.#find(key, into)) return !isForgotten(into);
    return this.#tables.get(key, into, NOTHING_RETAINED, this.#pin.version);
  }

  /** As `getSync` of PlainRows. */
  getSync(key: RowKey, into: ByteRange): boolean {
    if (this.#find(key, into)) return !isForgotten(into);
    return this.#tables.getSync(key, into, NOTHING_RETAINED, this.#pin.version);
  }

  /** The rows `from` <= row key < `to` (no end if undefined); the last one first if reversed. */
  rows(from: Uint8Array, to: Uint8Array | undefined, isReversed: boolean): RowScan {
    const scans = this.#past.flatMap(({ memtable, runs }) =>
      runs.map((run) => new RunScan(memtable.segment, run, from, to, isReversed)).reverse(),
    );
    const tables = this.#tables.sources(this.#pin, from, to, isReversed);
    return new RowScan([...scans, ...tables], () => undefined, isReversed);
  }

  /** Idempotent. Requires: no get or scan under way. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#memtables.endScan();
    this.#pin.release();
  }

  #find(key: RowKey, into: ByteRange): boolean {
    for (const past of this.#past) {
      const offset = this.#offsetIn(past, key);
      if (offset === 0) continue;
      past.memtable.cellInto(offset, into);
      return true;
    }
    return false;
  }

  /** Offset of the key's row as it was, or 0. */
  #offsetIn({ memtable, runs, end }: PastMemtable, key: RowKey): number {
    const newest = memtable.find(key);
    if (newest < end) return newest;
    const { segment } = memtable;
    for (let i = runs.length - 1; i >= 0; i--) {
      const offset = runs[i]![placeIn(segment, runs[i]!, key.bytes, key.length)];
      if (offset !== undefined && compareKeyAt(segment, offset, key.bytes, key.length) === 0) return offset;
    }
    return 0;
  }
}

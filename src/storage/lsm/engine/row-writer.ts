/**
 * Puts rows into the active memtable and keeps count. Each row says what it superseded: so whoever turns
 * memtables into tables can take that out of counts and sums without looking for it.
 *
 * Hot: `write` allocates nothing; its parts are watched by `bench -- log` and `bench -- table`.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import type { RowKey } from "../../row-key.ts";
import { rowBytes } from "../log/log-format.ts";
import type { LogWriter } from "../log/log-writer.ts";
import type { Superseded } from "../log/segment.ts";
import type { Hash64 } from "../table/byte-hash.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { RowTally } from "../table/row-tally.ts";
import { hashVersion } from "../table/version-hash.ts";
import { isForgotten } from "./forgotten-row.ts";
import type { Memtables } from "./memtables.ts";
import { expiringCountOf, flagsOf, rowCountOf } from "./row-sums.ts";

const CELL_BYTES_MAX = 2 ** 30;
/** Of rows that are to be in one batch. */
export const RESERVED_BYTES_MAX = CELL_BYTES_MAX + 2 ** 20;
/** With so many full memtables, puts are refused. */
const FULL_MEMTABLES_MAX = 16;
const NO_BYTES = new Uint8Array(0);
const NOTHING: Superseded = { flags: 0, hashLow: 0, hashHigh: 0 };

export interface RowWriterOptions {
  readonly memtables: Memtables;
  readonly log: LogWriter;
  readonly traits: CellTraits;
  /** Of all rows. */
  readonly tally: RowTally;
  /** A memtable is full. */
  readonly onFull: () => void;
}

export class RowWriter {
  /** Of all rows there are. */
  tally: RowTally;
  /** Since the start. */
  writeCount = 0;
  /** Set while rows cannot be flushed: puts throw it. */
  refusal: StoreError | undefined = undefined;
  readonly #memtables: Memtables;
  readonly #log: LogWriter;
  readonly #traits: CellTraits;
  readonly #onFull: () => void;
  readonly #present: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #keyRange: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #superseded: Superseded = { flags: 0, hashLow: 0, hashHigh: 0 };
  readonly #hash: Hash64 = { low: 0, high: 0 };
  /** Of cells in tables whose rows were forgotten: their space comes back only once that is in a table, too. */
  #forgottenBytes = 0;

  constructor({ memtables, log, traits, tally, onFull }: RowWriterOptions) {
    this.#memtables = memtables;
    this.#log = log;
    this.#traits = traits;
    this.tally = tally;
    this.#onFull = onFull;
  }

  /** True if nothing can be written now. */
  get isRefusing(): boolean {
    return this.#log.refusal !== undefined || this.refusal !== undefined;
  }

  /** Why nothing can be written now; undefined if it can. */
  get refusalText(): string | undefined {
    return (this.#log.refusal ?? this.refusal)?.message;
  }

  /**
   * The row is this cell from now on. `superseded` is the cell that tables have of it; where a memtable has
   * the row, that one knows. Throws StoreError IO, OVERLOADED or INVALID_REQUEST with nothing changed.
   */
  write(key: RowKey, cell: ByteRange, superseded: ByteRange | undefined): void {
    const cellLength = cell.end - cell.start;
    this.#requireWritable();
    if (!this.#memtables.active.segment.fits(key.length, cellLength)) this.#rotateFor(key.length, cellLength);
    const memtables = this.#memtables;
    const flags = flagsOf(cell, this.#traits); // before the cell that it may lie in is overwritten
    const present = this.#present;
    const offset = memtables.active.find(key);
    if (offset !== 0) {
      memtables.active.cellInto(offset, present);
      this.#count(key, flags, flagsOf(present, this.#traits));
    } else {
      const isInFull = memtables.full.length > 0 && memtables.findFull(key, present);
      const below = isInFull ? present : superseded;
      if (isForgotten(cell) && below !== undefined) this.#forgottenBytes += below.end - below.start;
      this.#describe(key, below);
      this.#count(key, flags, this.#superseded.flags);
    }
    memtables.active.put(key, cell, this.#superseded, offset);
    this.writeCount++;
    this.#log.onPut();
    if (this.#forgottenBytes >= memtables.segmentBytes && memtables.full.length === 0) this.#rotate(0);
  }

  /**
   * Makes room for rows of `bytes` in all (`rowBytes` of each): those appended before anything else happens are in one
   * batch of the log, so that a crash leaves all of them or none. Throws as `write`, with nothing changed.
   */
  reserve(bytes: number): void {
    this.#requireWritable();
    if (bytes > RESERVED_BYTES_MAX)
      throw new StoreError(
        "INVALID_REQUEST",
        "not-applied",
        `a batch is larger than ${RESERVED_BYTES_MAX} bytes`,
      );
    if (!this.#memtables.active.segment.fitsBytes(bytes)) this.#rotate(bytes);
  }

  /** As `reserve`, for so many rows whose keys and cells are of `bytes` in all. */
  reserveRows(rowCount: number, bytes: number): void {
    this.reserve(bytes + rowCount * rowBytes(1, 1)); // which is more than header and padding
  }

  /** As `write`, blindly: what the row superseded is not known, and counts and sums are wrong from now on. */
  append(key: RowKey, cell: ByteRange): void {
    const cellLength = cell.end - cell.start;
    this.#requireWritable();
    if (!this.#memtables.active.segment.fits(key.length, cellLength)) this.#rotateFor(key.length, cellLength);
    this.#memtables.active.put(key, cell, NOTHING);
    this.#log.onPut();
  }

  /** What was written so far counts no more: goes on in a new memtable, and without any rows. */
  clear(): void {
    this.#rotate(0, true);
    this.tally = new RowTally();
    this.refusal = undefined;
  }

  #requireWritable(): void {
    if (this.#log.refusal !== undefined) throw this.#log.refusal;
    if (this.refusal !== undefined) throw this.refusal;
  }

  /** Ends the active memtable. Returns the number of the last log with what was put so far. */
  seal(): number {
    if (this.#memtables.active.rowCount > 0) this.#rotate(0);
    return this.#memtables.active.segment.number - 1;
  }

  #rotateFor(keyLength: number, cellLength: number): void {
    if (cellLength > CELL_BYTES_MAX)
      throw new StoreError("INVALID_REQUEST", "not-applied", "value too large");
    this.#rotate(rowBytes(keyLength, cellLength));
  }

  /** Goes on in a new memtable, with room for rows of so many bytes. `clearsOlder`: see Segment. */
  #rotate(bytes: number, clearsOlder = false): void {
    if (this.#memtables.full.length >= FULL_MEMTABLES_MAX && !clearsOlder) {
      throw new StoreError("OVERLOADED", "not-applied", "rows come faster than they can be flushed");
    }
    this.#forgottenBytes = 0;
    this.#log.rotate(this.#memtables.rotate(bytes, clearsOlder).segment);
    this.#onFull();
  }

  /** `#superseded` becomes what is to be said of the cell. */
  #describe(key: RowKey, cell: ByteRange | undefined): void {
    const superseded = this.#superseded;
    superseded.flags = cell === undefined ? 0 : flagsOf(cell, this.#traits);
    superseded.hashLow = 0;
    superseded.hashHigh = 0;
    if (cell === undefined || superseded.flags === 0) return;
    this.#keyRange.bytes = key.bytes;
    this.#keyRange.end = key.length;
    hashVersion(this.#hash, this.#keyRange, cell, this.#traits);
    superseded.hashLow = this.#hash.low;
    superseded.hashHigh = this.#hash.high;
  }

  #count(key: RowKey, after: number, before: number): void {
    if (after === before) return;
    const rows = rowCountOf(after) - rowCountOf(before);
    this.tally.addRow(key.bytes, 0, rows, expiringCountOf(after) - expiringCountOf(before));
  }
}

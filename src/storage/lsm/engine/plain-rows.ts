/**
 * The engine for whoever needs rows and nothing else: no counts, no Merkle sums, nothing read before it is written.
 * Those of the engine are wrong once a row was appended here.
 *
 * Hot: `getSync` and `append` allocate nothing.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import { LatencyHistogram } from "../../../base/latency-histogram.ts";
import type { Clock } from "../../../runtime/runtime.ts";
import type { RowKey } from "../../row-key.ts";
import type { LogWriter } from "../log/log-writer.ts";
import { isForgotten } from "./forgotten-row.ts";
import type { Memtables } from "./memtables.ts";
import { Moment } from "./moment.ts";
import type { OpenTables } from "./open-tables.ts";
import type { RowWriter } from "./row-writer.ts";
import type { WriteThrottle } from "./write-throttle.ts";

export interface PlainRowsOptions {
  readonly memtables: Memtables;
  readonly tables: OpenTables;
  readonly log: LogWriter;
  readonly writer: RowWriter;
  readonly throttle: WriteThrottle;
  readonly clock: Pick<Clock, "monotonicMs">;
}

export class PlainRows {
  readonly #memtables: Memtables;
  readonly #tables: OpenTables;
  readonly #log: LogWriter;
  readonly #writer: RowWriter;
  readonly #throttle: WriteThrottle;
  readonly #clock: Pick<Clock, "monotonicMs">;
  /** How long reads took that had to wait for the disk. */
  readonly readTimes = new LatencyHistogram();

  constructor({ memtables, tables, log, writer, throttle, clock }: PlainRowsOptions) {
    this.#clock = clock;
    this.#memtables = memtables;
    this.#tables = tables;
    this.#log = log;
    this.#writer = writer;
    this.#throttle = throttle;
  }

  /** As `get` of StorageEngine. Rejects with StoreError IO for a row that is kept back, too. */
  get(key: RowKey, into: ByteRange): boolean | Promise<boolean> {
    if (this.#log.keepsRowsBack && this.#isKeptBack(key)) return Promise.reject(this.#doubt());
    const memtables = this.#memtables;
    if (memtables.findAll(key, into)) return !isForgotten(into);
    const found = this.#tables.get(key, into, memtables.firstRetained);
    return found instanceof Promise ? this.#timed(found) : found;
  }

  async #timed(found: Promise<boolean>): Promise<boolean> {
    const startedMs = this.#clock.monotonicMs();
    const isThere = await found;
    this.readTimes.record((this.#clock.monotonicMs() - startedMs) * 1000);
    return isThere;
  }

  /**
   * As `get` of the engine, at once: if the disk has to be read, everything else waits. The cell is valid only until
   * the next call. Throws StoreError IO or CORRUPTION.
   */
  getSync(key: RowKey, into: ByteRange): boolean {
    if (this.#log.keepsRowsBack && this.#isKeptBack(key)) throw this.#doubt();
    const memtables = this.#memtables;
    if (memtables.findAll(key, into)) return !isForgotten(into);
    return this.#tables.getSync(key, into, memtables.firstRetained);
  }

  /** What nobody was told of, since the log cannot be written, nobody may read either: it may never have been. */
  #isKeptBack(key: RowKey): boolean {
    const place = this.#memtables.placeOf(key);
    return place !== undefined && !this.#log.isDurable(place.segment, place.offset);
  }

  #doubt(): StoreError {
    const text = `${this.#log.refusal?.message}; what was written to this key last is not on the disk`;
    return new StoreError("IO", "not-applied", text, { cause: this.#log.refusal });
  }

  /** All rows as they are now. Close it when it is not needed. */
  moment(): Moment {
    return new Moment(this.#memtables, this.#tables);
  }

  /**
   * Makes room for rows of `bytes` in all (rowBytes of each). If they are appended right after it, in the same turn and
   * with nothing in between, a crash leaves all of them or none. Throws as `append`.
   */
  reserve(bytes: number): void {
    this.#writer.reserve(bytes);
  }

  /**
   * The row is this cell from now on, or forgotten if the cell is empty, whatever was there. Throws StoreError IO,
   * OVERLOADED or INVALID_REQUEST, with nothing changed.
   */
  append(key: RowKey, cell: ByteRange): void {
    this.#throttle.onPut(key.length + cell.end - cell.start);
    this.#writer.append(key, cell);
  }

  /** As `durable` of the engine. */
  accepted(): Promise<void> | undefined {
    return both(this.#log.durable(), this.#throttle.wait());
  }

  /** Undefined if the operating system has all that was put, whatever the policy; else resolves when it has. */
  written(): Promise<void> | undefined {
    return both(this.#log.written(), this.#throttle.wait());
  }

  /** As `written`, of the disk. */
  synced(): Promise<void> | undefined {
    return both(this.#log.synced(), this.#throttle.wait());
  }
}

function both(a: Promise<void> | undefined, b: Promise<void> | undefined): Promise<void> | undefined {
  if (b === undefined) return a;
  return a === undefined ? b : Promise.all([a, b]).then(() => undefined);
}

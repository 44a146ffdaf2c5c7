/**
 * The engine for whoever needs rows and nothing else: no counts, no Merkle sums, nothing read before it is written.
 * Those of the engine are wrong once a row was appended here.
 *
 * Hot: `getSync` and `append` allocate nothing.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import type { RowKey } from "../../row-key.ts";
import type { LogWriter } from "../log/log-writer.ts";
import { isForgotten } from "./forgotten-row.ts";
import type { Memtables } from "./memtables.ts";
import type { OpenTables } from "./open-tables.ts";
import type { RowWriter } from "./row-writer.ts";
import type { WriteThrottle } from "./write-throttle.ts";

export interface PlainRowsOptions {
  readonly memtables: Memtables;
  readonly tables: OpenTables;
  readonly log: LogWriter;
  readonly writer: RowWriter;
  readonly throttle: WriteThrottle;
}

export class PlainRows {
  readonly #memtables: Memtables;
  readonly #tables: OpenTables;
  readonly #log: LogWriter;
  readonly #writer: RowWriter;
  readonly #throttle: WriteThrottle;

  constructor({ memtables, tables, log, writer, throttle }: PlainRowsOptions) {
    this.#memtables = memtables;
    this.#tables = tables;
    this.#log = log;
    this.#writer = writer;
    this.#throttle = throttle;
  }

  /**
   * As `get` of the engine, at once: if the disk has to be read, everything else waits. The cell is valid only until
   * the next call. Throws StoreError IO or CORRUPTION.
   */
  getSync(key: RowKey, into: ByteRange): boolean {
    return this.#memtables.find(key, into) ? !isForgotten(into) : this.#tables.getSync(key, into);
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

  /** Undefined if all that was put is on the disk, whatever the policy; else resolves when it is. */
  synced(): Promise<void> | undefined {
    return this.#log.synced();
  }
}

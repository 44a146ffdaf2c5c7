/** The scans of an engine that have not come to their end: closing it cuts them short. */
import type { Memtables } from "./memtables.ts";
import type { OpenTables } from "./open-tables.ts";
import { closedError } from "./retry.ts";
import { RowScan } from "./row-scan.ts";

export class OpenScans {
  readonly #memtables: Memtables;
  readonly #tables: OpenTables;
  readonly #scans = new Set<RowScan>();
  #isClosed = false;

  constructor(memtables: Memtables, tables: OpenTables) {
    this.#memtables = memtables;
    this.#tables = tables;
  }

  /** As `scan` of the engine. */
  begin(from: Uint8Array, to: Uint8Array | undefined): RowScan {
    if (this.#isClosed) throw closedError();
    const pin = this.#tables.pin();
    const sources = [...this.#memtables.sources(from, to), ...this.#tables.sources(pin, from, to)];
    const scan = new RowScan(sources, () => {
      this.#scans.delete(scan);
      this.#memtables.endScan();
      pin.release();
    });
    this.#scans.add(scan);
    return scan;
  }

  /** Whoever goes on with a scan is told StoreError CLOSED. */
  close(): void {
    this.#isClosed = true;
    for (const scan of [...this.#scans]) scan.cutShort(closedError());
  }
}

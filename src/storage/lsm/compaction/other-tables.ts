/**
 * The tables that a compaction does not read but that have keys among its own: a dead row may only be dropped if none of
 * them holds the row. An older version in a lower level would come to light; a newer one in an upper level has
 * taken the dead version out of the sums already.
 *
 * Asked about rising row keys. A table's filter is in memory only while the keys asked about are within it.
 */
import { compareBytes } from "../../../base/bytes.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { overlaps } from "../manifest/sorted-run.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import { TableProbe } from "../table/table-probe.ts";
import type { TableReader } from "../table/table-reader.ts";
import { openTable } from "./table-chain.ts";

export class OtherTables {
  readonly #disk: Disk;
  readonly #directory: string;
  #ahead: readonly TableEntry[];
  readonly #open = new Map<TableEntry, TableReader>();
  readonly #probe = new TableProbe();

  constructor(disk: Disk, directory: string, tables: readonly TableEntry[]) {
    this.#disk = disk;
    this.#directory = directory;
    this.#ahead = tables;
  }

  /** False if no table has the row. Requires: a key above the last one. */
  async mayContain(key: Uint8Array): Promise<boolean> {
    await this.#letGoBefore(key);
    this.#probe.load(key, key.length);
    for (const table of this.#ahead) {
      if (!overlaps(table, key, key)) continue;
      const reader = this.#open.get(table) ?? (await openTable(this.#disk, this.#directory, table));
      this.#open.set(table, reader);
      if (reader.mayContain(this.#probe)) return true;
    }
    return false;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((reader) => reader.close()));
    this.#open.clear();
  }

  async #letGoBefore(key: Uint8Array): Promise<void> {
    const isBefore = ({ properties }: TableEntry): boolean => compareBytes(properties.largestKey, key) < 0;
    if (!this.#ahead.some(isBefore)) return;
    for (const table of this.#ahead.filter(isBefore)) {
      await this.#open.get(table)?.close();
      this.#open.delete(table);
    }
    this.#ahead = this.#ahead.filter((table) => !isBefore(table));
  }
}

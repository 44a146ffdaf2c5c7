/** The rows of tables that do not overlap, one table after another; only the current one is open. */
import { assert } from "../../../base/assert.ts";
import type { ByteRange } from "../../../base/bytes.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { type TableEntry, tableName } from "../manifest/table-entry.ts";
import { BlockCache } from "../table/block-cache.ts";
import type { TableIterator } from "../table/table-iterator.ts";
import { TableReader } from "../table/table-reader.ts";

const NO_CACHE_BYTES = 0;

/** Rejects with StoreError CORRUPTION if the file is not the one that the manifest means. */
export function openTable(
  disk: Disk,
  directory: string,
  { number, checksum }: TableEntry,
): Promise<TableReader> {
  const path = `${directory}/${tableName(number)}`;
  return TableReader.open({ disk, path, checksum, cache: new BlockCache(NO_CACHE_BYTES) });
}

export class TableChain {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #waiting: TableEntry[];
  #reader: TableReader | undefined;
  #iterator: TableIterator | undefined;

  /** Requires: tables in row-key order, none overlapping another. */
  constructor(disk: Disk, directory: string, tables: readonly TableEntry[]) {
    this.#disk = disk;
    this.#directory = directory;
    this.#waiting = [...tables];
  }

  /** Of the current row. Requires: `next` was true. */
  get key(): ByteRange {
    assert(this.#iterator !== undefined, "there is no row yet");
    return this.#iterator.key;
  }

  get cell(): ByteRange {
    assert(this.#iterator !== undefined, "there is no row yet");
    return this.#iterator.cell;
  }

  next(): boolean | Promise<boolean> {
    const moved = this.#iterator?.next() ?? false;
    if (moved === true) return true;
    return this.#moveOn(moved);
  }

  async close(): Promise<void> {
    this.#iterator?.close();
    this.#iterator = undefined;
    await this.#reader?.close();
    this.#reader = undefined;
  }

  async #moveOn(moved: boolean | Promise<boolean>): Promise<boolean> {
    if (await moved) return true;
    for (let table = this.#waiting.shift(); table !== undefined; table = this.#waiting.shift()) {
      await this.close();
      this.#reader = await openTable(this.#disk, this.#directory, table);
      this.#iterator = this.#reader.scan();
      if (await this.#iterator.next()) return true;
    }
    return false;
  }
}

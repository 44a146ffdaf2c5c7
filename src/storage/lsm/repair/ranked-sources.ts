/** What a rebuild merges: rows of memtables and of tables, each with the rank of where they lie. */
import { assert } from "../../../base/assert.ts";
import { type ByteRange, compareBytes } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import type { Memtable } from "../log/memtable.ts";
import { MemtableScan } from "../log/memtable-scan.ts";
import type { RowRank } from "./row-rank.ts";
import { type RankedRows, SoundRows } from "./sound-rows.ts";

/** The rows of a segment are all of that segment, as those of the table that it would have become. */
export function rowsOfMemtable(memtable: Memtable, rank: RowRank): RankedRows {
  const scan = new MemtableScan(memtable, new Uint8Array(0), undefined);
  const { key, cell } = scan;
  return { key, cell, rank, next: () => scan.next(), close: () => Promise.resolve() };
}

/** A table whose sound blocks may be read. */
export interface RankedTable {
  readonly path: string;
  readonly rank: RowRank;
  readonly checksum?: number;
  /** Undefined if not known: then nothing follows it. */
  readonly smallestKey: Uint8Array | undefined;
  readonly largestKey: Uint8Array | undefined;
}

/** As few sequences as there are tables over one key: merging costs by how many there are. */
export function chainsOf(tables: readonly RankedTable[]): readonly (readonly RankedTable[])[] {
  const none = new Uint8Array(0);
  const sorted = [...tables].sort((a, b) => compareBytes(a.smallestKey ?? none, b.smallestKey ?? none));
  const chains: RankedTable[][] = [];
  for (const table of sorted) {
    const { smallestKey } = table;
    const fitting = chains.find((chain) => {
      const last = chain.at(-1)!.largestKey;
      return last !== undefined && smallestKey !== undefined && compareBytes(last, smallestKey) < 0;
    });
    if (fitting === undefined) chains.push([table]);
    else fitting.push(table);
  }
  return chains;
}

/** The rows of tables that follow each other; only the current one is open. What cannot be opened is passed over. */
export class ChainRows implements RankedRows {
  readonly #disk: Disk;
  readonly #waiting: RankedTable[];
  #rows: SoundRows | undefined;

  constructor(disk: Disk, tables: readonly RankedTable[]) {
    this.#disk = disk;
    this.#waiting = [...tables];
  }

  get key(): ByteRange {
    return this.#current.key;
  }

  get cell(): ByteRange {
    return this.#current.cell;
  }

  get rank(): RowRank {
    return this.#current.rank;
  }

  async next(): Promise<boolean> {
    for (;;) {
      if (this.#rows !== undefined && (await this.#rows.next())) return true;
      await this.close();
      const table = this.#waiting.shift();
      if (table === undefined) return false;
      this.#rows = await openSound(this.#disk, table);
    }
  }

  async close(): Promise<void> {
    await this.#rows?.close();
    this.#rows = undefined;
  }

  get #current(): SoundRows {
    assert(this.#rows !== undefined, "there is no row");
    return this.#rows;
  }
}

async function openSound(disk: Disk, { path, rank, checksum }: RankedTable): Promise<SoundRows | undefined> {
  if (!(await disk.exists(path))) return undefined;
  try {
    return await SoundRows.open(disk, path, rank, checksum);
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== "CORRUPTION") throw cause;
    return undefined;
  }
}

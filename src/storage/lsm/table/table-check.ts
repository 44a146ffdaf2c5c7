/**
 * Reads a whole table and compares it with every checksum it carries, and for inspection with every figure, too.
 * Damage is collected, not thrown, and told with the row keys it may cover, so that they can be fetched from replicas.
 * (What `TableReader.open` reads has been verified by then: there, damage is an error.)
 */
import { compareBytes } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import { BlockCursor } from "./block-reader.ts";
import { corruption } from "./corruption.ts";
import { TableProbe } from "./table-probe.ts";
import type { TableReader } from "./table-reader.ts";

/** What is asked of a table. */
export type CheckedTable = Pick<
  TableReader,
  "path" | "properties" | "index" | "readPacked" | "unpack" | "verify" | "mayContain" | "loadSums"
>;

export interface TableDamage {
  /** StoreError CORRUPTION: names file and offset. */
  readonly error: StoreError;
  /** Rows from `from` on and before `to` (no end if undefined) may be gone or wrong. */
  readonly from: Uint8Array;
  readonly to: Uint8Array | undefined;
}

export interface TableCheck {
  readonly blockCount: number;
  /** In the blocks that are whole; 0 if rows were not looked at. */
  readonly rowCount: number;
  readonly damages: readonly TableDamage[];
}

/**
 * Awaited before each read of about this many bytes, and with 0 now and then between, so that the caller may go slowly or stop by
 * throwing.
 */
export type Pace = (bytes: number) => Promise<void> | void;

/** What rots is found by checksums; looking at rows, their order and the filter, finds what was written wrongly, and takes far longer. */
export type CheckDepth = "checksums" | "rows";

const PIECE_BYTES = 64 * 1024;

/** Rejects only with what is not damage: StoreError IO, or what `pace` throws. */
export async function checkTable(
  table: CheckedTable,
  pace: Pace = () => undefined,
  depth: CheckDepth = "rows",
): Promise<TableCheck> {
  const check = new Check(table, depth);
  const { index } = table;
  for (let first = 0; first < index.blockCount; ) {
    let end = first + 1;
    while (end < index.blockCount && index.offset(end + 1) - index.offset(first) <= PIECE_BYTES) end++;
    await pace(index.offset(end) - index.offset(first));
    await check.checkBlocks(first, end);
    first = end;
  }
  await check.finish(pace);
  return check;
}

class Check implements TableCheck {
  readonly blockCount: number;
  rowCount = 0;
  readonly damages: TableDamage[] = [];
  readonly #table: CheckedTable;
  readonly #depth: CheckDepth;
  readonly #cursor = new BlockCursor();
  readonly #probe = new TableProbe();

  constructor(table: CheckedTable, depth: CheckDepth) {
    this.#table = table;
    this.#depth = depth;
    this.blockCount = table.index.blockCount;
  }

  async checkBlocks(first: number, end: number): Promise<void> {
    const bytes = await this.#attempt(first, end, () => this.#table.readPacked(first, end));
    if (bytes === undefined) return;
    for (let number = first; number < end; number++) {
      await this.#attempt(number, number + 1, () =>
        this.#depth === "checksums"
          ? this.#table.verify(number, bytes, first)
          : this.#checkRows(number, bytes, first),
      );
    }
  }

  async finish(pace: Pace): Promise<void> {
    const { properties, path } = this.#table;
    await this.#attempt(0, this.blockCount, () => this.#table.loadSums(async () => pace(0)));
    if (this.#depth === "checksums") return;
    if (this.damages.length === 0 && this.rowCount !== properties.rowCount) {
      const what = `there are ${this.rowCount} rows instead of ${properties.rowCount}`;
      this.damages.push(this.#damage(corruption(path, 0, what), 0, this.blockCount));
    }
  }

  #checkRows(number: number, bytes: Uint8Array, first: number): void {
    const { index, path } = this.#table;
    const from = index.separator(number);
    const to = this.#separatorAt(number + 1);
    const { key } = this.#cursor;
    let last: Uint8Array | undefined;
    this.#cursor.open(this.#table.unpack(number, bytes, first));
    while (this.#cursor.next()) {
      const current = key.bytes.slice(key.start, key.end);
      const isInOrder =
        last === undefined ? compareBytes(current, from) >= 0 : compareBytes(current, last) > 0;
      const isWithin = to === undefined || compareBytes(current, to) < 0;
      if (!isInOrder || !isWithin) throw corruption(path, index.offset(number), "a row is out of order");
      this.#probe.load(current, current.length);
      if (!this.#table.mayContain(this.#probe)) {
        throw corruption(path, index.offset(number), "the filter does not know a row");
      }
      this.rowCount++;
      last = current;
    }
  }

  /** What `act` returns, or undefined if it found damage in blocks `first` <= number < `end`. */
  async #attempt<T>(first: number, end: number, act: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "CORRUPTION") throw error;
      this.damages.push(this.#damage(error, first, end));
      return undefined;
    }
  }

  #damage(error: StoreError, first: number, end: number): TableDamage {
    return { error, from: this.#separatorAt(first) ?? new Uint8Array(0), to: this.#separatorAt(end) };
  }

  #separatorAt(number: number): Uint8Array | undefined {
    return number < this.blockCount ? this.#table.index.separator(number) : undefined;
  }
}

/**
 * Forgets all rows of one database, one by one. Some of them may be in use: somebody has read them and is about to
 * put them, telling what he supersedes, which by then is nothing any more. Such rows are remembered as contested,
 * and their puts have to look for themselves.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { databaseOfRow, RowKey } from "../../row-key.ts";
import type { RowScan } from "./row-scan.ts";

export interface ClearedRows {
  scan(from: Uint8Array): RowScan;
  /** Grows whenever rows leave a memtable. */
  mark(): number;
  isInUse(rowKeyHash: number): boolean;
  forget(key: RowKey, cell: ByteRange): void;
  /** A promise while writers should wait. */
  wait(): Promise<void> | undefined;
}

export class DatabaseClearing {
  readonly #rows: ClearedRows;
  readonly #key: RowKey;
  /** Hashes of row keys. */
  readonly #contested = new Set<number>();

  constructor(rows: ClearedRows, hashSeed: number) {
    this.#rows = rows;
    this.#key = new RowKey(hashSeed);
  }

  /** Hot: true if the row has been forgotten since whoever uses it took it up. */
  isContested(rowKeyHash: number): boolean {
    if (this.#contested.size === 0 || !this.#contested.has(rowKeyHash)) return false;
    if (this.#rows.isInUse(rowKeyHash)) return true;
    this.#contested.delete(rowKeyHash);
    return false;
  }

  /** Resolves when every row that was there at the call has been put as forgotten. */
  async clear(database: number): Promise<void> {
    for (const hash of [...this.#contested]) this.isContested(hash); // lets go of those that are not
    const from = new Uint8Array(0);
    for (let rest: Uint8Array | undefined = from; rest !== undefined; )
      rest = await this.#clearFrom(database, rest);
  }

  /** Goes on until rows leave a memtable. Returns where to begin again; undefined at the end. */
  async #clearFrom(database: number, from: Uint8Array): Promise<Uint8Array | undefined> {
    const mark = this.#rows.mark();
    const rows = this.#rows.scan(from);
    try {
      while (await rows.next()) {
        const { key, cell } = rows;
        if (databaseOfRow(key.bytes, key.start) !== database) continue;
        if (mark !== this.#rows.mark()) return key.bytes.slice(key.start, key.end);
        this.#key.load(key.bytes, key.start, key.end);
        if (this.#rows.isInUse(this.#key.hash)) this.#contested.add(this.#key.hash);
        this.#rows.forget(this.#key, cell);
        await this.#rows.wait();
      }
      return undefined;
    } finally {
      rows.close();
    }
  }
}

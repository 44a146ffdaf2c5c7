/**
 * A divided engine without those annexes that may evict: replicas evict each on its own, and what one has evicted is
 * no damage that another should mend. Single rows are found, and put, wherever they are.
 */
import type { ByteRange, WordRange } from "../../base/bytes.ts";
import type { MerkleSummary } from "../lsm/table/merkle-summary.ts";
import type { RowKey } from "../row-key.ts";
import type { EngineStatistics, RowCounts, RowIterator, StorageEngine } from "../storage-engine.ts";
import type { DividedRows } from "./divided-rows.ts";

export class LastingRows implements StorageEngine {
  readonly usesSuperseded: boolean;
  readonly isResident: boolean;
  readonly merkleSummary?: (from: number, to: number) => MerkleSummary;
  readonly #engine: StorageEngine;
  readonly #main: StorageEngine;
  readonly #rows: DividedRows;

  /** `engine` finds single rows; `rows` are those of `main` and of lasting annexes. */
  constructor(engine: StorageEngine, main: StorageEngine, rows: DividedRows) {
    this.#engine = engine;
    this.#main = main;
    this.#rows = rows;
    this.usesSuperseded = main.usesSuperseded === true;
    this.isResident = main.isResident === true;
    if (main.merkleSummary !== undefined) this.merkleSummary = (from, to) => rows.merkleSummary(from, to);
  }

  /** Of the main engine: the others do not evict. */
  get statistics(): EngineStatistics {
    return this.#main.statistics;
  }

  get(key: RowKey, into: WordRange, touch?: boolean): boolean | Promise<boolean> {
    return this.#engine.get(key, into, touch);
  }

  put(key: RowKey, cell: ByteRange, superseded?: ByteRange, insists?: boolean): void | Promise<void> {
    return this.#engine.put(key, cell, superseded, insists);
  }

  merge(key: RowKey, cell: ByteRange): void | Promise<void> {
    return this.#engine.merge(key, cell);
  }

  durable(): Promise<void> | undefined {
    return this.#engine.durable();
  }

  scan(from: Uint8Array, to: Uint8Array | undefined): RowIterator {
    return this.#rows.scan(from, to);
  }

  counts(database: number): RowCounts {
    return this.#rows.counts(database);
  }

  slotCount(slot: number, database: number): number {
    return this.#rows.slotCount(slot, database);
  }

  clear(database?: number): void | Promise<void> {
    return this.#engine.clear(database);
  }

  dropExpired(wallMs: number, rowsMax: number): number | Promise<number> {
    return this.#engine.dropExpired(wallMs, rowsMax);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

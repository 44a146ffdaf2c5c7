/** Drops the rows of database numbers that are no longer used, some at a time, so that nobody waits for it. */
import { EMPTY_CELL } from "../causality/cell.ts";
import { encodeCell } from "../causality/cell-codec.ts";
import { PLACES_END, walkKeys } from "../replication/key-walk.ts";
import type { Clock } from "../runtime/runtime.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";

/** Well under a millisecond's worth. */
const SLICE_ROWS = 100;
/** What a row becomes that may be forgotten. */
const NOTHING = encodeCell(EMPTY_CELL);

export class AbandonedRows {
  readonly #engine: StorageEngine;
  readonly #clock: Pick<Clock, "defer" | "wallMs">;
  readonly #rowKey: RowKey;
  #isClosed = false;

  constructor(engine: StorageEngine, clock: Pick<Clock, "defer" | "wallMs">, hashSeed: number) {
    this.#engine = engine;
    this.#clock = clock;
    this.#rowKey = new RowKey(hashSeed);
  }

  /** Resolves when the number has no live rows; or at once after `close`. Requires: nobody writes any. */
  async drop(database: number): Promise<void> {
    for (let place = 0; place !== PLACES_END && !this.#isClosed; ) {
      const keys: Uint8Array[] = [];
      const step = { database, from: place, rowsMax: SLICE_ROWS, wallMs: this.#clock.wallMs() };
      place = await walkKeys(this.#engine, step, (bytes, start, end) => {
        keys.push(bytes.slice(start, end));
      });
      for (const key of keys) await this.#forget(database, key);
      await new Promise<void>((resolve) => this.#clock.defer(resolve));
    }
  }

  close(): void {
    this.#isClosed = true;
  }

  #forget(database: number, key: Uint8Array): void | Promise<void> {
    this.#rowKey.encode(database, key, 0, key.length);
    return this.#engine.put(this.#rowKey, { bytes: NOTHING, start: 0, end: NOTHING.length });
  }
}

/** Drops the rows of database numbers that are no longer used, some at a time, so that nobody waits for it. */
import { StoreError } from "../base/errors.ts";
import { NOTHING_KNOWN } from "../causality/encoded-cell.ts";
import { PLACES_END, walkKeys } from "../replication/key-walk.ts";
import type { Clock } from "../runtime/runtime.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";

/** Well under a millisecond's worth. */
const SLICE_ROWS = 100;
/** How soon to try again what the engine refused. */
const RETRY_MS = 1_000;

export class AbandonedRows {
  readonly #engine: StorageEngine;
  readonly #clock: Pick<Clock, "defer" | "sleep" | "wallMs">;
  readonly #rowKey: RowKey;
  readonly #closing = new AbortController();
  readonly #closed = new Promise<void>((resolve) => {
    this.#closing.signal.addEventListener("abort", () => resolve());
  });
  readonly #drops = new Set<Promise<boolean>>();

  constructor(engine: StorageEngine, clock: Pick<Clock, "defer" | "sleep" | "wallMs">, hashSeed: number) {
    this.#engine = engine;
    this.#clock = clock;
    this.#rowKey = new RowKey(hashSeed);
  }

  /**
   * Resolves to true when the number has no rows; to false, which leaves some, after `close`.
   * Requires: nobody writes any.
   */
  async drop(database: number): Promise<boolean> {
    const drop = this.#dropAll(database);
    this.#drops.add(drop);
    return await drop.finally(() => this.#drops.delete(drop));
  }

  /** Resolves when the engine is left alone. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#drops);
  }

  async #dropAll(database: number): Promise<boolean> {
    const { signal } = this.#closing;
    for (let place = 0; place !== PLACES_END; ) {
      if (signal.aborted) return false;
      try {
        place = await this.#dropSlice(database, place);
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
        await this.#clock.sleep(RETRY_MS, signal).catch(() => undefined); // closing: said above
      }
    }
    return true;
  }

  /** Resolves to the place to go on from, when others have had their turn. */
  async #dropSlice(database: number, from: number): Promise<number> {
    const keys: Uint8Array[] = [];
    // Also those that have expired are to go: at time zero nothing has.
    const step = { database, from, rowsMax: SLICE_ROWS, wallMs: 0 };
    const place = await walkKeys(this.#engine, step, (bytes, start, end) => {
      keys.push(bytes.slice(start, end));
    });
    for (const key of keys) await this.#forget(database, key);
    // An engine that is behind slows down those who write.
    await Promise.race([this.#engine.durable(), this.#closed]);
    await new Promise<void>((resolve) => this.#clock.defer(resolve));
    return place;
  }

  #forget(database: number, key: Uint8Array): void | Promise<void> {
    this.#rowKey.encode(database, key, 0, key.length);
    return this.#engine.put(this.#rowKey, { bytes: NOTHING_KNOWN, start: 0, end: NOTHING_KNOWN.length });
  }
}

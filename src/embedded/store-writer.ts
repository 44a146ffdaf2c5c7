/**
 * Writes rows. Each method returns undefined if the rows are as safe as asked for already, else a promise of that; they
 * are visible at once. Throws StoreError with nothing written: IO, OVERLOADED, or INVALID_REQUEST for a key or a batch
 * that is too long.
 *
 * Hot: `put`; between the caller's bytes and the log's there is one copy.
 */
import { StoreError } from "../base/errors.ts";
import { FORGOTTEN } from "../storage/lsm/engine/forgotten-row.ts";
import type { Moment } from "../storage/lsm/engine/moment.ts";
import type { PlainRows } from "../storage/lsm/engine/plain-rows.ts";
import { rowBytes } from "../storage/lsm/log/log-format.ts";
import { PLAIN_PREFIX_BYTES, PlainKey, plainKeyOf } from "../storage/plain-key.ts";
import { KEY_BYTES_MAX } from "../storage/row-key.ts";
import type { KeyRange } from "./key-range.ts";
import type { OpenedStore } from "./open-store.ts";
import type { Durability } from "./store-options.ts";
import { CellEncoder, type Stored, VALUE_HEADER_BYTES } from "./stored-value.ts";

/** As abstract-level passes them. */
export type Operation =
  | { readonly type: "put"; readonly key: Stored; readonly value: Stored }
  | { readonly type: "del"; readonly key: Stored };

export type Written = Promise<void> | undefined;

/** Exact lengths of texts cost time: up to here room is reserved for the longest that they may be. */
const GENEROUS_BYTES_MAX = 64 * 1024;
const CLEARED_AT_ONCE = 500;

export class StoreWriter {
  readonly #rows: PlainRows;
  readonly #durability: Durability;
  readonly #key: PlainKey;
  readonly #cells = new CellEncoder();

  constructor({ engine, durability, hashSeed }: Pick<OpenedStore, "engine" | "durability" | "hashSeed">) {
    this.#rows = engine.plain;
    this.#durability = durability;
    this.#key = new PlainKey(hashSeed);
  }

  put(key: Stored, value: Stored, sync: boolean): Written {
    this.#encode(key);
    this.#rows.append(this.#key, this.#cells.encode(value));
    return this.#written(sync);
  }

  del(key: Stored, sync: boolean): Written {
    this.#encode(key);
    this.#rows.append(this.#key, FORGOTTEN);
    return this.#written(sync);
  }

  /** All of them or none, whatever happens. */
  batch(operations: readonly Operation[], sync: boolean): Written {
    let bytes = 0;
    for (const operation of operations) bytes += reservedBytes(operation, lengthMax);
    if (bytes > GENEROUS_BYTES_MAX) {
      bytes = 0;
      for (const operation of operations) bytes += reservedBytes(operation, exactLength);
    }
    for (const { key } of operations) requireShort(key);
    this.#rows.reserve(bytes);
    for (const operation of operations) {
      this.#encode(operation.key);
      const cell = operation.type === "put" ? this.#cells.encode(operation.value) : FORGOTTEN;
      this.#rows.append(this.#key, cell);
    }
    return this.#written(sync);
  }

  /**
   * Deletes up to `limit` (all if negative) of the moment's rows in the range, in steps: a crash may come between them.
   */
  async clear(moment: Moment, range: KeyRange, isReversed: boolean, limit: number): Promise<void> {
    const rows = moment.rows(range.from, range.to, isReversed);
    let rest = limit < 0 ? Number.POSITIVE_INFINITY : limit;
    try {
      for (let isThere = true; isThere && rest > 0; ) {
        let count = 0;
        while (count < CLEARED_AT_ONCE && rest > 0 && isThere) {
          isThere = await rows.next();
          if (!isThere) break;
          this.#key.encodeBytes(plainKeyOf(rows.key));
          this.#rows.append(this.#key, FORGOTTEN);
          count++;
          rest--;
        }
        await this.#written(false);
      }
    } finally {
      rows.close();
    }
  }

  #written(sync: boolean): Written {
    if (sync || this.#durability === "disk") return this.#rows.synced();
    return this.#durability === "system" ? this.#rows.written() : this.#rows.accepted();
  }

  #encode(key: Stored): void {
    if (typeof key === "string") this.#key.encodeText(key);
    else this.#key.encodeBytes(key);
  }
}

function reservedBytes(operation: Operation, lengthOf: (stored: Stored) => number): number {
  const keyLength = PLAIN_PREFIX_BYTES + lengthOf(operation.key);
  return rowBytes(keyLength, operation.type === "put" ? VALUE_HEADER_BYTES + lengthOf(operation.value) : 0);
}

function lengthMax(stored: Stored): number {
  return typeof stored === "string" ? 3 * stored.length : stored.length;
}

function exactLength(stored: Stored): number {
  return typeof stored === "string" ? Buffer.byteLength(stored) : stored.length;
}

function requireShort(key: Stored): void {
  if (lengthMax(key) <= KEY_BYTES_MAX || exactLength(key) <= KEY_BYTES_MAX) return;
  throw new StoreError("INVALID_REQUEST", "not-applied", `key is longer than ${KEY_BYTES_MAX} bytes`);
}

/**
 * Rows and everything that leads to them, kept in step: the hash index, the order, the expiry set, the counts.
 * Knows bytes and times, but not when a row should come or go: that is MemoryEngine's.
 */
import type { ByteRange } from "../../base/bytes.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import { databaseOfRow, hashRow, type RowKey, slotOfRow } from "../row-key.ts";
import { NEVER_EXPIRES } from "../storage-engine.ts";
import { Arena } from "./arena.ts";
import { KIND_BRANCH, KIND_EXPIRY, KIND_LEAF, KIND_ROW, KIND_SEGMENT } from "./block.ts";
import { Compactor } from "./compactor.ts";
import { ExpirySet } from "./expiry-set.ts";
import { HashIndex } from "./hash-index.ts";
import { SMALL_BLOCKS } from "./regions.ts";
import { RowCounter } from "./row-counter.ts";
import { RowOrder } from "./row-order.ts";
import { Rows } from "./rows.ts";

/** In one step of maintenance: 256 KiB. */
const COMPACTED_UNITS = 32 * 1024;
/** An entry of the index at its usual load, and one of the order. */
const SHARE_BYTES = 16;
const EXPIRY_SHARE_BYTES = 8;

export class RowTable {
  readonly #arena = new Arena(SMALL_BLOCKS);
  readonly rows = new Rows(this.#arena);
  readonly index = new HashIndex(this.#arena);
  readonly order = new RowOrder(this.#arena);
  readonly expiries = new ExpirySet(this.#arena);
  readonly counter = new RowCounter();
  readonly #compactor = new Compactor(this.#arena, (kind, from, to) => this.#onMoved(kind, from, to));
  readonly #key: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
  #seed = 0;

  /** What rows, index, order and expiry set take, free space aside. */
  get liveBytes(): number {
    return this.#arena.liveBytes + this.rows.large.liveBytes;
  }

  /** What they hold of the machine's memory. */
  get memoryBytes(): number {
    const tables = this.index.directoryBytes + this.order.tableBytes + this.expiries.tableBytes;
    return this.#arena.heldBytes + this.rows.large.heldBytes + tables + this.counter.sizeBytes;
  }

  /** Of the row keys that rows were put with. */
  get seed(): number {
    return this.#seed;
  }

  /** Address of the key's row, or 0. Addresses are good until the next write. */
  find(key: RowKey): number {
    return this.index.find(key);
  }

  hashOf(address: number): number {
    this.rows.keyInto(address, this.#key);
    return hashRow(this.#key.bytes, this.#key.start, this.#key.end, this.#seed);
  }

  /** Requires: the key has no row. Throws StoreError OUT_OF_MEMORY (nothing changed). */
  insert(key: RowKey, cell: ByteRange, expiresAtMs: number, nowMs: number, use: number): void {
    this.#seed = key.seed;
    const isExpiring = expiresAtMs !== NEVER_EXPIRES;
    const address = this.rows.create(key, cell, isExpiring, use);
    try {
      this.order.insert(address);
    } catch (cause) {
      this.rows.free(address);
      throw cause;
    }
    this.index.insert(key.hash, address);
    this.counter.count(slotOfRow(key.bytes, 0), databaseOfRow(key.bytes, 0), 1);
    if (isExpiring) this.#addExpiry(address, databaseOfRow(key.bytes, 0), expiresAtMs, nowMs);
  }

  /**
   * Puts another cell in the row's place if it takes as much room; else false, and nothing has changed. If it expires,
   * `renewExpiry` must follow: times are numbers that a call may box, and nearly no row needs one.
   */
  overwrite(address: number, cell: ByteRange, isExpiring: boolean): boolean {
    return this.rows.overwrite(address, cell, isExpiring);
  }

  renewExpiry(address: number, expiresAtMs: number, nowMs: number): void {
    this.expiries.update(this.rows.expiryPlaceOf(address), expiresAtMs, nowMs);
  }

  /** Gives the row of the key, at `from`, another cell of any size. Throws StoreError OUT_OF_MEMORY (nothing changed). */
  replace(from: number, key: RowKey, cell: ByteRange, expiresAtMs: number, nowMs: number, use: number): void {
    const isExpiring = expiresAtMs !== NEVER_EXPIRES;
    const to = this.rows.create(key, cell, isExpiring, use);
    this.index.replace(key.hash, from, to);
    this.order.replace(from, to);
    const database = databaseOfRow(key.bytes, 0);
    if (this.rows.isExpiring(from)) this.#removeExpiry(from, database);
    if (isExpiring) this.#addExpiry(to, database, expiresAtMs, nowMs);
    this.rows.free(from);
    this.compactAfterWrite();
  }

  drop(address: number): void {
    const hash = this.hashOf(address);
    const { bytes, start } = this.#key;
    const database = databaseOfRow(bytes, start);
    this.counter.count(slotOfRow(bytes, start), database, -1);
    this.order.remove(address);
    this.index.remove(hash, address);
    if (this.rows.isExpiring(address)) this.#removeExpiry(address, database);
    this.rows.free(address);
  }

  /** Gives freed memory back, a little at a time. Call after dropping rows; addresses change. */
  compactAfterWrite(): void {
    this.#compactor.stepAfterWrite();
    this.rows.large.compactAfterWrite();
  }

  /** A longer step of the same, for quiet moments. False if nothing is left to do. */
  compact(): boolean {
    this.rows.forgetSources();
    const isMoreWaiting = this.#compactor.step(COMPACTED_UNITS) || this.#arena.releaseSome();
    return this.rows.large.compact() || isMoreWaiting;
  }

  /** Forgets every row at once. */
  clear(): void {
    this.#arena.clear();
    this.rows.clear();
    this.index.clear();
    this.order.clear();
    this.expiries.clear();
    this.counter.clear();
    this.#compactor.clear();
  }

  /** Forgets the rows of one database, one by one. */
  clearDatabase(database: number): void {
    const addresses: number[] = [];
    for (let slot = this.order.nextSlot(0); slot < SLOT_COUNT; slot = this.order.nextSlot(slot + 1)) {
      if (this.counter.ofSlot(slot, database) === 0) continue;
      this.order.forEachRow(slot, (row) => {
        this.rows.keyInto(row, this.#key);
        if (databaseOfRow(this.#key.bytes, this.#key.start) === database) addresses.push(row);
      });
      for (const address of addresses) this.drop(address);
      addresses.length = 0;
    }
    this.compactAfterWrite();
  }

  /** What the row takes, with its share of index, order and expiry set. */
  sizeBytesOf(address: number): number {
    return (
      this.rows.sizeBytesAt(address) + SHARE_BYTES + (this.rows.isExpiring(address) ? EXPIRY_SHARE_BYTES : 0)
    );
  }

  #addExpiry(address: number, database: number, expiresAtMs: number, nowMs: number): void {
    this.expiries.add(address, expiresAtMs, nowMs);
    this.counter.countExpiring(database, 1);
  }

  #removeExpiry(address: number, database: number): void {
    this.expiries.remove(this.rows.expiryPlaceOf(address));
    this.counter.countExpiring(database, -1);
  }

  #onMoved(kind: number, from: number, to: number): void {
    if (kind === KIND_ROW) {
      this.index.replace(this.hashOf(to), from, to);
      this.order.replace(from, to);
      if (this.rows.isExpiring(to)) this.expiries.rowMoved(this.rows.expiryPlaceOf(to), to);
    } else if (kind === KIND_SEGMENT) this.index.segmentMoved(to);
    else if (kind === KIND_LEAF || kind === KIND_BRANCH) this.order.blockMoved(from, to);
    else if (kind === KIND_EXPIRY) this.expiries.blockMoved(to);
  }
}

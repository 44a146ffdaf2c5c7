/**
 * The storage engine of `memory` keyspaces: all rows in memory, with a limit and eviction. It keeps nothing across
 * restarts; other replicas do.
 *
 * Time is read once in a few calls, and in `maintain`, which the node calls some ten times a second: uses are
 * stamped that exactly.
 *
 * Hot: `get` and `put` allocate nothing; watched by bench/memory-engine.ts.
 */
import type { ByteRange, WordRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { EvictionPolicy } from "../../base/eviction-policy.ts";
import type { Clock, Random } from "../../runtime/runtime.ts";
import { RowKey } from "../row-key.ts";
import {
  type CellRules,
  type EngineStatistics,
  NEVER_EXPIRES,
  type RowCounts,
  type RowIterator,
  type StorageEngine,
} from "../storage-engine.ts";
import { CELL_BYTES_MAX } from "./block.ts";
import { Evictor } from "./evictor.ts";
import { DEFAULT_LIMITS, type MemoryLimits } from "./memory-limits.ts";
import { MemoryScan } from "./memory-scan.ts";
import { RowTable } from "./row-table.ts";
import { Rows } from "./rows.ts";
import { UseStamps } from "./use-stamps.ts";

const CALLS_PER_CLOCK_READING = 16;
/** How soon to look again at a row that has expired but may not be forgotten yet. */
const RETRY_MS = 1000;
const EVICTIONS_PER_STEP = 100;
/** Rows that somebody is using are passed over, so many times. */
const CHOICES_MAX = 16;
/** `maintain` shows every row to CellRules once in about this many calls, for deleted rows have no expiry. */
const SWEEP_CALLS = 6000;
const SWEEP_ROWS_MIN = 64;
const NO_BYTES = new Uint8Array(0);

export interface MemoryEngineOptions {
  readonly rules: CellRules;
  readonly random: Random;
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  /** What rows and their index may take; 0 for no limit. */
  readonly memoryBytesMax: number;
  readonly evictionPolicy: EvictionPolicy;
  readonly evictionSamples: number;
}

export interface RowUsage {
  /** Under any policy but lfu. */
  readonly idleSeconds: number;
  /** The logarithmic counter, 0..255, under an lfu policy. */
  readonly frequency: number;
}

export type DropReason = "expired" | "evicted";

export class MemoryEngine implements StorageEngine {
  readonly statistics: EngineStatistics;
  readonly isResident = true;
  /** Told of every row that goes unasked, before it goes. The range is the engine's; it must not be called back. */
  onDropped: ((rowKey: ByteRange, reason: DropReason) => void) | undefined = undefined;
  /** Where there is such a function, rows that are in use do not go unasked. */
  isInUse: ((rowKeyHash: number) => boolean) | undefined = undefined;

  readonly #rules: CellRules;
  readonly #clock: Pick<Clock, "wallMs" | "monotonicMs">;
  readonly #table = new RowTable();
  readonly #stamps: UseStamps;
  readonly #evictor: Evictor;
  readonly #cell: WordRange = { bytes: NO_BYTES, start: 0, end: 0, words: undefined };
  readonly #key: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  #limits: MemoryLimits;
  #wallMs = 0;
  #callsToClockReading = 0;
  /** Address of the row that `get` found last. */
  #given = 0;
  #expiredRows = 0;
  #evictedRows = 0;
  #sweep: MemoryScan | undefined;
  /** What is to take the place of rows that have expired. */
  readonly #remains: { readonly key: RowKey; readonly cell: Uint8Array }[] = [];

  constructor({ rules, random, clock, ...limits }: MemoryEngineOptions) {
    this.#rules = rules;
    this.#clock = clock;
    this.#stamps = new UseStamps(random);
    this.#evictor = new Evictor(this.#table, this.#stamps, random);
    this.#limits = DEFAULT_LIMITS;
    this.setLimits(limits);
    this.#readClock();
    this.statistics = this.#createStatistics();
  }

  get(key: RowKey, into: WordRange, touch = true): boolean {
    const address = this.#table.find(key);
    if (address === 0) return false;
    const rows = this.#table.rows;
    if (touch) {
      if (--this.#callsToClockReading < 0) this.#readClock();
      rows.setUse(address, this.#stamps.next(rows.useOf(address)));
    }
    rows.cellInto(address, into);
    this.#given = address;
    return true;
  }

  rewriteEnd(end: ByteRange): void {
    const { rows } = this.#table;
    if (--this.#callsToClockReading < 0) this.#readClock();
    rows.rewriteEnd(this.#given, end);
    rows.setUse(this.#given, this.#stamps.next(rows.useOf(this.#given)));
  }

  put(key: RowKey, cell: ByteRange, superseded?: ByteRange, insists = false): void {
    if (--this.#callsToClockReading < 0) this.#readClock();
    if (this.#table.rows.hasGiven(cell.bytes)) {
      const own = cell.bytes.slice(cell.start, cell.end);
      this.put(key, { bytes: own, start: 0, end: own.length }, superseded, insists);
      return;
    }
    const expiresAtMs = this.#rules.expiresAtMs(cell);
    const address = this.#table.find(key);
    if (this.#isForgettable(cell, expiresAtMs)) {
      if (address !== 0) this.#table.drop(address);
      this.#table.compactAfterWrite();
    } else if (address === 0 || !this.#table.overwrite(address, cell, expiresAtMs !== NEVER_EXPIRES)) {
      this.#write(key, cell, expiresAtMs, insists);
    } else {
      if (expiresAtMs !== NEVER_EXPIRES) this.#table.renewExpiry(address, expiresAtMs, this.#wallMs);
      const rows = this.#table.rows;
      rows.setUse(address, this.#stamps.next(rows.useOf(address)));
    }
  }

  merge(key: RowKey, cell: ByteRange): void {
    const address = this.#table.find(key);
    if (address === 0) {
      this.put(key, cell);
      return;
    }
    const incoming = cell.bytes.slice(cell.start, cell.end);
    this.#table.rows.cellInto(address, this.#cell);
    const existing = this.#cell.bytes.slice(this.#cell.start, this.#cell.end);
    const merged = this.#rules.merge(existing, incoming, key);
    if (merged !== existing) this.put(key, { bytes: merged, start: 0, end: merged.length });
  }

  durable(): undefined {
    return undefined;
  }

  scan(from: Uint8Array, to: Uint8Array | undefined): RowIterator {
    return new MemoryScan(this.#table, from, to);
  }

  counts(database: number): RowCounts {
    return this.#table.counter.of(database);
  }

  slotCount(slot: number, database: number): number {
    return this.#table.counter.ofSlot(slot, database);
  }

  clear(database?: number): void {
    this.#evictor.clear();
    if (database === undefined || this.counts(database).rows === this.#table.index.rowCount)
      this.#table.clear();
    else this.#table.clearDatabase(database);
  }

  dropExpired(wallMs: number, rowsMax: number): number {
    this.#readClock();
    const before = this.#expiredRows;
    this.#table.expiries.forEachDue(wallMs, rowsMax, (row) => this.#lookAtExpired(row, wallMs));
    this.#leaveRemains();
    this.#table.compactAfterWrite();
    return this.#expiredRows - before;
  }

  dropIfExpired(key: RowKey, wallMs: number): boolean {
    const address = this.#table.find(key);
    if (address === 0) return false;
    this.#table.rows.cellInto(address, this.#cell);
    const expiresAtMs = this.#rules.expiresAtMs(this.#cell);
    if (expiresAtMs === NEVER_EXPIRES || expiresAtMs > wallMs) return false;
    if (!this.#rules.isCollectible(this.#cell, wallMs) || this.isInUse?.(key.hash) === true) return false;
    this.#dropExpired(address);
    this.#table.compactAfterWrite();
    return true;
  }

  async close(): Promise<void> {
    this.#table.clear();
  }

  /**
   * A step of the work that no call waits for, of about half a millisecond: keeps a lowered limit, gives freed memory
   * back, forgets deleted rows that have become collectible. True if more is waiting.
   */
  maintain(): boolean {
    const evictedBefore = this.#evictedRows;
    const hasRoom = this.makeRoom(EVICTIONS_PER_STEP);
    this.#sweepSome(Math.max(SWEEP_ROWS_MIN, Math.ceil(this.#table.index.rowCount / SWEEP_CALLS)));
    return this.#table.compact() || (!hasRoom && this.#evictedRows > evictedBefore);
  }

  /** Changes limits at run time; `makeRoom` or the next write obeys them. */
  setLimits(limits: Partial<MemoryLimits>): void {
    this.#limits = { ...this.#limits, ...limits };
    const { evictionPolicy, evictionSamples, lfuLogFactor, lfuDecayMinutes } = this.#limits;
    this.#stamps.configure({ isLfu: evictionPolicy.endsWith("lfu"), lfuLogFactor, lfuDecayMinutes });
    this.#evictor.configure(evictionPolicy, evictionSamples);
  }

  /** Evicts until the limit is kept, but no more than `rowsMax` rows. False if the limit is not kept then. */
  makeRoom(rowsMax = Number.POSITIVE_INFINITY): boolean {
    if (!this.#isOverLimit(0)) return true;
    this.#readClock();
    for (let rows = 0; rows < rowsMax && this.#isOverLimit(0); rows++) if (!this.#evictOne()) break;
    this.#table.compactAfterWrite();
    return !this.#isOverLimit(0);
  }

  /** How the row has been used, which this does not count as a use. */
  usage(key: RowKey): RowUsage | undefined {
    this.#readClock();
    const address = this.#table.find(key);
    if (address === 0) return undefined;
    const use = this.#table.rows.useOf(address);
    return {
      idleSeconds: Math.floor(this.#stamps.idleMs(use) / 1000),
      frequency: this.#stamps.frequency(use),
    };
  }

  /** What the row takes, with its share of index and order. */
  rowBytes(key: RowKey): number | undefined {
    const address = this.#table.find(key);
    return address === 0 ? undefined : this.#table.sizeBytesOf(address);
  }

  #write(key: RowKey, cell: ByteRange, expiresAtMs: number, insists: boolean): void {
    const cellLength = cell.end - cell.start;
    if (cellLength > CELL_BYTES_MAX)
      throw new StoreError("INVALID_REQUEST", "not-applied", "value too large");
    const sizeBytes = Rows.sizeBytes(key.length, cellLength, expiresAtMs !== NEVER_EXPIRES);
    const address = this.#makeRoomFor(key, sizeBytes, insists);
    const table = this.#table;
    const wallMs = this.#wallMs;
    if (address === 0) table.insert(key, cell, expiresAtMs, wallMs, this.#stamps.first());
    else table.replace(address, key, cell, expiresAtMs, wallMs, this.#stamps.next(table.rows.useOf(address)));
  }

  /**
   * Evicts so that a row of `sizeBytes` fits. Returns the address of the key's present row, or 0. After the limit
   * was lowered by much, one write evicts only some more than it needs, lest it take long; `maintain` does the rest.
   */
  #makeRoomFor(key: RowKey, sizeBytes: number, insists: boolean): number {
    const liveBytesBefore = this.#table.liveBytes;
    for (let evicted = 0; ; evicted++) {
      const address = this.#table.find(key);
      const growthBytes = address === 0 ? sizeBytes : sizeBytes - this.#table.rows.sizeBytesAt(address);
      if (growthBytes <= 0 || !this.#isOverLimit(growthBytes)) return address;
      const hasDoneItsShare = this.#table.liveBytes + growthBytes <= liveBytesBefore;
      if (hasDoneItsShare && evicted >= EVICTIONS_PER_STEP) return address;
      if (growthBytes > this.#limits.memoryBytesMax || !this.#evictOne()) {
        if (insists) return address;
        throw new StoreError(
          "OUT_OF_MEMORY",
          "not-applied",
          "the memory limit is reached and nothing can be evicted",
        );
      }
    }
  }

  #isOverLimit(growthBytes: number): boolean {
    const { memoryBytesMax } = this.#limits;
    return memoryBytesMax > 0 && this.#table.liveBytes + growthBytes > memoryBytesMax;
  }

  #evictOne(): boolean {
    const address = this.#chooseToEvict();
    if (address === 0) return false;
    this.#tellDropped(address, "evicted");
    this.#table.drop(address);
    this.#evictedRows++;
    return true;
  }

  /** 0 if there is none that may go. */
  #chooseToEvict(): number {
    for (let choice = 0; choice < CHOICES_MAX; choice++) {
      const address = this.#evictor.choose(this.#wallMs);
      if (address === 0 || !this.#isUsed(address)) return address;
    }
    return 0;
  }

  #isUsed(address: number): boolean {
    const { isInUse } = this;
    return isInUse === undefined ? false : isInUse(this.#table.hashOf(address));
  }

  #isForgettable(cell: ByteRange, expiresAtMs: number): boolean {
    if (expiresAtMs !== NEVER_EXPIRES) this.#readClock();
    return this.#rules.isCollectible(cell, this.#wallMs);
  }

  /** Drops the row if it may be, and returns 0; else returns when to look again. */
  #lookAtExpired(row: number, wallMs: number): number {
    this.#table.rows.cellInto(row, this.#cell);
    const expiresAtMs = this.#rules.expiresAtMs(this.#cell);
    if (expiresAtMs > wallMs) return expiresAtMs;
    if (this.#isUsed(row)) return wallMs + RETRY_MS;
    if (!this.#rules.isCollectible(this.#cell, wallMs)) {
      if (this.#rules.remainsOf !== undefined) this.#noteRemains(row, this.#rules.remainsOf(this.#cell));
      return wallMs + RETRY_MS;
    }
    this.#dropExpired(row);
    return 0;
  }

  #noteRemains(address: number, cell: Uint8Array): void {
    this.#tellDropped(address, "expired");
    const key = new RowKey(this.#table.seed);
    this.#table.rows.keyInto(address, this.#key);
    key.load(this.#key.bytes, this.#key.start, this.#key.end);
    this.#remains.push({ key, cell });
  }

  /** While due rows are gone through, none may move. */
  #leaveRemains(): void {
    for (const { key, cell } of this.#remains.splice(0)) {
      this.put(key, { bytes: cell, start: 0, end: cell.length }, undefined, true);
      this.#expiredRows++;
    }
  }

  #dropExpired(address: number): void {
    this.#tellDropped(address, "expired");
    this.#table.drop(address);
    this.#expiredRows++;
  }

  #tellDropped(address: number, reason: DropReason): void {
    if (this.onDropped === undefined) return;
    this.#table.rows.keyInto(address, this.#key);
    this.onDropped(this.#key, reason);
  }

  #sweepSome(rowCount: number): void {
    this.#sweep ??= new MemoryScan(this.#table, NO_BYTES, undefined);
    for (let i = 0; i < rowCount; i++) {
      if (!this.#sweep.next()) {
        this.#sweep = undefined;
        return;
      }
      const { cell, address } = this.#sweep;
      if (this.#rules.expiresAtMs(cell) !== NEVER_EXPIRES) continue; // dropExpired's to judge
      if (this.#isUsed(address)) continue;
      if (this.#rules.isCollectible(cell, this.#wallMs)) this.#table.drop(address);
    }
  }

  #readClock(): void {
    this.#callsToClockReading = CALLS_PER_CLOCK_READING;
    this.#wallMs = this.#clock.wallMs();
    this.#stamps.setTime(this.#clock.monotonicMs());
  }

  #createStatistics(): EngineStatistics {
    const table = this.#table;
    const expiredRows = (): number => this.#expiredRows;
    const evictedRows = (): number => this.#evictedRows;
    return {
      get memoryBytes() {
        return table.memoryBytes;
      },
      get liveBytes() {
        return table.liveBytes;
      },
      get expiredRows() {
        return expiredRows();
      },
      get evictedRows() {
        return evictedRows();
      },
    };
  }
}

/**
 * The storage engine of `disk` keyspaces: a log-structured merge-tree.
 *
 *   put    commit log (group commit) -> active memtable -> full memtable -> table of level 0 -> level 1 ...
 *   get    active memtable, full memtables, tables: the newest first; the first one that has the row decides
 *
 * Rows that go (deleted for good, expired, cleared) are put as forgotten ones: see engine/forgotten-row.ts.
 *
 * Invariant: the summary of the tables and the overlay of the memtables add up to that of all rows, as long
 * as whoever puts tells what the row superseded. Invariant: the tally counts all rows of the newest moment.
 *
 * Hot: `get` and `put`; without the disk they allocate nothing. Its parts are watched by `bench -- log` and
 * `bench -- table`.
 */
import type { ByteRange } from "../../base/bytes.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import { RowKey } from "../row-key.ts";
import type { CellRules, RowCounts, StorageEngine } from "../storage-engine.ts";
import { Backpressure } from "./engine/backpressure.ts";
import { Compactor } from "./engine/compactor.ts";
import { DatabaseClearing } from "./engine/database-clearing.ts";
import { openLog } from "./engine/engine-log.ts";
import { ExpiredRows } from "./engine/expired-rows.ts";
import { ExpirySweep } from "./engine/expiry-sweep.ts";
import { FlushWaiters } from "./engine/flush-waiters.ts";
import { Flusher } from "./engine/flusher.ts";
import { FORGOTTEN, withForgotten } from "./engine/forgotten-row.ts";
import { DEFAULT_LSM_SETTINGS, type LsmEngineOptions, type LsmSettings } from "./engine/lsm-options.ts";
import { type LsmStatistics, statisticsOf } from "./engine/lsm-statistics.ts";
import type { Memtables } from "./engine/memtables.ts";
import { OpenScans } from "./engine/open-scans.ts";
import type { OpenTables } from "./engine/open-tables.ts";
import { PlainRows } from "./engine/plain-rows.ts";
import { type Places, placesIn, type RecoveredParts, recoverParts } from "./engine/recovery.ts";
import { closedError, Retry } from "./engine/retry.ts";
import type { RowScan } from "./engine/row-scan.ts";
import { rangeOf } from "./engine/row-source.ts";
import { addOverlay } from "./engine/row-sums.ts";
import { RowWriter } from "./engine/row-writer.ts";
import { TableChanges } from "./engine/table-changes.ts";
import { TableSummary } from "./engine/table-summary.ts";
import { WriteRefusal } from "./engine/write-refusal.ts";
import { WriteThrottle } from "./engine/write-throttle.ts";
import type { LogWriter } from "./log/log-writer.ts";
import type { Manifest } from "./manifest/manifest.ts";
import { Version } from "./manifest/version.ts";
import type { VersionPin } from "./manifest/version-pins.ts";
import type { CellTraits } from "./table/cell-traits.ts";
import { MerkleSummary, SLOT_LEAF_COUNT } from "./table/merkle-summary.ts";

const NO_BYTES = new Uint8Array(0);

export class LsmEngine implements StorageEngine {
  readonly statistics: LsmStatistics;
  readonly usesSuperseded = true;
  readonly getSync = (key: RowKey, into: ByteRange): boolean => this.plain.getSync(key, into);
  isInUse: ((rowKeyHash: number) => boolean) | undefined = undefined;
  /** For whoever needs rows only. */
  readonly plain: PlainRows;
  /** Wall part of the newest hybrid time of any row that was there when the engine opened; 0 if there was none. */
  readonly newestWallMs: number;
  /** For whoever keeps replies back until writes are durable. */
  readonly writes: Pick<RowWriter, "writeCount" | "isRefusing" | "refusalText">;
  readonly syncing: Pick<LogWriter, "policy">;
  readonly #clock: Clock;
  readonly #rules: CellRules;
  readonly #traits: CellTraits;
  readonly #hashSeed: number;
  readonly #memtables: Memtables;
  readonly #manifest: Manifest;
  readonly #tables: OpenTables;
  readonly #changes: TableChanges;
  readonly #log: LogWriter;
  readonly #writer: RowWriter;
  readonly #flusher: Flusher;
  readonly #compactor: Compactor;
  readonly #sweep: ExpirySweep;
  readonly #clearing: DatabaseClearing;
  readonly #throttle: WriteThrottle;
  readonly #refusal: WriteRefusal;
  readonly #backpressure: Backpressure;
  readonly #closing = new AbortController();
  readonly #scans: OpenScans;
  readonly #flushes: FlushWaiters;
  readonly #tableSummary: TableSummary;
  /** Grows whenever rows leave a memtable. */
  #flushCount = 0;
  readonly #expired: ExpiredRows;
  readonly #present: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };

  /** Recovers what the directory holds. Rejects with StoreError CORRUPTION or IO. */
  static async open(options: LsmEngineOptions): Promise<LsmEngine> {
    const settings: LsmSettings = {
      ...DEFAULT_LSM_SETTINGS,
      ...options,
      traits: withForgotten(options.traits),
    };
    const places = placesIn(settings.directory);
    return new LsmEngine(settings, places, await recoverParts({ ...settings, ...settings.runtime, places }));
  }

  private constructor(settings: LsmSettings, places: Places, parts: RecoveredParts) {
    const { runtime, rules, traits, logger, picker, tableSettings, tableBytes, diskTimeoutMs } = settings;
    const { memtables, manifest, tables, sums } = parts;
    this.newestWallMs = parts.newestWallMs;
    this.#clock = runtime.clock;
    this.#rules = rules;
    this.#traits = traits;
    this.#hashSeed = settings.hashSeed;
    this.#memtables = memtables;
    this.#manifest = manifest;
    this.#tables = tables;
    this.#flushes = new FlushWaiters(tables);
    this.#scans = new OpenScans(memtables, tables);
    this.#tableSummary = new TableSummary(runtime.clock, sums.summary);
    this.#throttle = new WriteThrottle(runtime.clock);
    const { signal: closing } = this.#closing;
    const retry = new Retry(runtime.clock, logger, closing);
    const log = openLog(settings, places, memtables.active.segment, (cause) => this.#throttle.fail(cause));
    this.#log = log;
    this.#writer = new RowWriter({ memtables, log, traits, tally: sums.tally, onFull: () => this.#onFull() });
    const throttle = this.#throttle;
    const concerned = { clock: runtime.clock, writer: this.#writer, throttle };
    this.plain = new PlainRows({ memtables, tables, log, ...concerned });
    this.writes = this.#writer;
    this.#refusal = new WriteRefusal({ diskTimeoutMs, flushes: this.#flushes, ...concerned });
    const { onFailure } = this.#refusal;
    const changes = new TableChanges(manifest, tables, retry, onFailure);
    this.#changes = changes;
    this.syncing = log;
    const shared = { ...parts, logger, changes, retry, onFailure, closing, directory: places.tables };
    this.#flusher = new Flusher({
      ...shared,
      runtime,
      log,
      task: settings.tasks.flush,
      settings: tableSettings,
      onFlushed: (sums) => this.#onFlushed(sums?.summary),
    });
    this.#compactor = new Compactor({
      ...shared,
      runtime,
      task: settings.tasks.merge,
      picker,
      settings: tableSettings,
      tableBytes,
      onCompacted: () => this.#relieve(),
    });
    const scanned = {
      scan: (from: Uint8Array) => this.scan(from, undefined),
      mark: () => this.#flushCount,
      isInUse: (hash: number) => this.isInUse?.(hash) === true,
    };
    const { plain, hashSeed } = { plain: this.plain, hashSeed: settings.hashSeed };
    this.#expired = new ExpiredRows({ ...scanned, rules, memtables, plain, writer: this.#writer, hashSeed });
    this.#sweep = new ExpirySweep(rules, {
      ...scanned,
      forgetIfUnchanged: (...row) => this.#expired.forgetIfUnchanged(...row),
    });
    this.#clearing = new DatabaseClearing(
      {
        ...scanned,
        forget: (key, cell) => this.#writer.write(key, FORGOTTEN, cell),
        wait: () => this.#throttle.wait(),
      },
      settings.hashSeed,
    );
    const [flusher, compactor, expiredRows] = [this.#flusher, this.#compactor, () => this.#expired.count];
    const pressed = { memtables, tables, picker, throttle, compactor };
    this.#backpressure = new Backpressure(pressed, settings.compactionBytesPerSecond);
    this.statistics = statisticsOf({ ...parts, flusher, compactor, log, throttle, picker, expiredRows });
    this.#onFull();
    this.#compactor.wake();
  }

  get(key: RowKey, into: ByteRange): boolean | Promise<boolean> {
    return this.plain.get(key, into);
  }

  /** Throws StoreError IO while the log cannot be written, OVERLOADED when the disk is far behind. */
  put(key: RowKey, cell: ByteRange, superseded?: ByteRange): void | Promise<void> {
    if (this.#rules.isCollectible(cell, this.#clock.wallMs())) return this.#forget(key, superseded);
    this.#sweep.onPut(this.#rules.expiresAtMs(cell));
    this.#throttle.onPut(key.length + cell.end - cell.start);
    if (this.#clearing.isContested(key.hash)) return this.#putContested(key, cell);
    this.#writer.write(key, cell, superseded);
  }

  reserve(rowCount: number, bytes: number): void {
    this.#writer.reserveRows(rowCount, bytes);
  }

  merge(key: RowKey, cell: ByteRange): void | Promise<void> {
    const into: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
    const mark = this.#flushCount;
    const found = this.get(key, into);
    if (typeof found === "boolean") return this.#mergeInto(key, cell, found ? into : undefined);
    const own = this.#copyOf(key);
    const incoming = rangeOf(cell.bytes.slice(cell.start, cell.end));
    return this.#afterReading(found, own, into, mark, (isThere) =>
      this.#mergeInto(own, incoming, isThere ? into : undefined),
    );
  }

  /** Under any policy, writers are made to wait when flushes or compactions do not keep up. */
  durable(): Promise<void> | undefined {
    const logged = this.#log.durable();
    const slowed = this.#throttle.wait();
    if (slowed === undefined) return logged;
    return logged === undefined ? slowed : Promise.all([logged, slowed]).then(() => undefined);
  }

  /** Throws StoreError CLOSED; so do scans that are open when the engine closes. */
  scan(from: Uint8Array, to: Uint8Array | undefined): RowScan {
    return this.#scans.begin(from, to);
  }

  /**
   * Resolves to a pin of tables that have all rows put so far and no later ones: the caller releases it.
   * Rejects with StoreError OVERLOADED or CLOSED.
   */
  async flush(): Promise<VersionPin> {
    return await this.#flushes.wait(this.#writer.seal());
  }

  counts(database: number): RowCounts {
    return this.#writer.tally.counts(database);
  }

  slotCount(slot: number, database: number): number {
    return this.#writer.tally.slotRows(slot, database);
  }

  /**
   * Leaf sums of the slots `from` <= slot < `to`, as a full scan would give them. Looks at the memtables'
   * rows of these slots.
   */
  merkleSummary(from = 0, to = SLOT_COUNT): MerkleSummary {
    const sum = new MerkleSummary(from, to);
    sum.addSummary(this.#tableSummary.whole, from * SLOT_LEAF_COUNT, to * SLOT_LEAF_COUNT);
    const memtables = [...this.#memtables.full, this.#memtables.active];
    for (const memtable of memtables) addOverlay(sum, memtable, this.#traits, { from, to });
    return sum;
  }

  /** Resolves when durable. Rows of one database are forgotten one by one; all rows go at once. */
  clear(database?: number): Promise<void> {
    if (database === undefined) return this.#clearAll();
    return this.#clearing.clear(database).then(() => this.#log.durable());
  }

  /** Rows that expired are forgotten where they are met, in rounds: a promise if the disk has to be read. */
  dropExpired(wallMs: number, rowsMax: number): number | Promise<number> {
    return this.#writer.isRefusing ? 0 : this.#sweep.step(wallMs, rowsMax);
  }

  dropIfExpired(key: RowKey, wallMs: number): boolean {
    return this.#expired.dropIfExpired(key, wallMs);
  }

  /** What compactions may read from now on while they are not behind; 0 for no limit. */
  set compactionBytesPerSecond(limit: number) {
    this.#backpressure.compactionLimit = limit;
  }

  /**
   * Resolves when everything put is durable, whatever the policy, and all files are closed. Rejects with
   * StoreError IO if the log cannot be written. Open scans, and gets that need the disk, throw CLOSED.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#scans.close();
    this.#flushes.close();
    this.#throttle.msPerMiB = 0;
    this.#refusal.close();
    await this.#flusher.settled();
    await this.#compactor.settled();
    this.#writer.refusal = closedError(); // who read before the close may only put now: nothing would be logged
    try {
      await this.#log.close();
      await this.#flusher.discarded();
    } finally {
      await this.#manifest.close();
      await this.#tables.close();
    }
  }

  /**
   * The row is to be gone. Unless somebody has read it, it is read here: what is not there need not be
   * forgotten.
   */
  #forget(key: RowKey, superseded: ByteRange | undefined): void | Promise<void> {
    if (superseded !== undefined && !this.#clearing.isContested(key.hash))
      return this.#writer.write(key, FORGOTTEN, superseded);
    const into: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
    const mark = this.#flushCount;
    const found = this.get(key, into);
    if (found === false) return undefined;
    if (found === true) return this.#writer.write(key, FORGOTTEN, into);
    const own = this.#copyOf(key);
    return this.#afterReading(found, own, into, mark, (isThere) => {
      if (isThere) this.#writer.write(own, FORGOTTEN, into);
    });
  }

  /** What the row supersedes is not what the caller has read, but what is there. */
  #putContested(key: RowKey, cell: ByteRange): void | Promise<void> {
    const into: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
    const mark = this.#flushCount;
    const found = this.get(key, into);
    if (typeof found === "boolean") return this.#writer.write(key, cell, found ? into : undefined);
    const own = this.#copyOf(key);
    const owned = rangeOf(cell.bytes.slice(cell.start, cell.end));
    return this.#afterReading(found, own, into, mark, (isThere) =>
      this.#writer.write(own, owned, isThere ? into : undefined),
    );
  }

  #mergeInto(key: RowKey, cell: ByteRange, present: ByteRange | undefined): void | Promise<void> {
    if (present === undefined) return this.put(key, cell);
    const existing = present.bytes.slice(present.start, present.end);
    const merged = this.#rules.merge(existing, cell.bytes.slice(cell.start, cell.end), key);
    return merged === existing ? undefined : this.put(key, rangeOf(merged), present);
  }

  /**
   * Calls `write` with what `reading` resolves to, a get since `mark`; or with what a later get does, if the
   * row may have changed meanwhile. Nothing comes between the look at the row and the call.
   */
  async #afterReading(
    reading: Promise<boolean>,
    key: RowKey,
    into: ByteRange,
    mark: number,
    write: (isThere: boolean) => void | Promise<void>,
  ): Promise<void> {
    let found: boolean | Promise<boolean> = reading;
    for (let since = mark; typeof found !== "boolean"; ) {
      const isThere: boolean = await found;
      if (since === this.#flushCount && !this.#memtables.find(key, this.#present)) return write(isThere);
      since = this.#flushCount;
      found = this.get(key, into);
    }
    return write(found);
  }

  /** What readers see is empty at once; it is durable when the promise resolves. */
  async #clearAll(): Promise<void> {
    const { full, active } = this.#memtables;
    if (active.rowCount === 0 && full.length === 0 && this.#tables.version.tables.length === 0) return;
    this.#writer.clear();
    this.#tables.hold(); // only now: who cannot begin a memtable clears nothing
    const cleared = this.#memtables.dropFull();
    this.#tables.cache.lentBytes = this.#memtables.retainedBytes;
    const flushedLog = cleared.at(-1)!.segment.number;
    this.#tableSummary.clear();
    this.#flushCount++;
    this.#changes.beginEpoch(Version.empty);
    this.#relieve();
    const change = this.#changes.make(
      ({ tables }) => ({ removed: tables.map(({ number }) => number), flushedLog }),
      () => this.#flushes.settle(),
    );
    await this.#refusal.clears.wait(
      change.then(() => {
        this.#tables.release();
        for (const memtable of cleared) this.#flusher.discard(memtable);
        this.#relieve();
      }),
    );
  }

  #onFull(): void {
    this.#backpressure.adjust();
    this.#refusal.onFull();
    this.#flusher.wake();
  }

  #onFlushed(summary: MerkleSummary | undefined): void {
    this.#flushCount++;
    this.#tables.cache.lentBytes = this.#memtables.retainedBytes;
    this.#flushes.settle();
    if (summary !== undefined) this.#tableSummary.add(summary);
    this.#relieve();
    this.#compactor.wake();
  }

  /** Rows have got into tables, or further down. */
  #relieve(): void {
    this.#backpressure.adjust();
    this.#refusal.onRelief();
  }

  #copyOf(key: RowKey): RowKey {
    const copy = new RowKey(this.#hashSeed);
    copy.load(key.bytes, 0, key.length);
    return copy;
  }
}

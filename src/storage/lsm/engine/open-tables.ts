/**
 * The tables of the newest version, and of older ones that somebody still reads: open, and gone when nobody
 * needs them.
 *
 * Hot: `get`; with its block in the cache it allocates nothing. Its parts are watched by `bench -- log` and
 * `bench -- table`.
 */
import { assert } from "../../../base/assert.ts";
import { forEachAtOnce } from "../../../base/at-once.ts";
import { type ByteRange, compareBytes } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import type { RowKey } from "../../row-key.ts";
import { type TableEntry, tableName } from "../manifest/table-entry.ts";
import type { Version } from "../manifest/version.ts";
import { type VersionPin, VersionPins } from "../manifest/version-pins.ts";
import { BlockCache } from "../table/block-cache.ts";
import { TableProbe } from "../table/table-probe.ts";
import { TableReader } from "../table/table-reader.ts";
import type { TableSums } from "../table/table-writer.ts";
import { isForgotten } from "./forgotten-row.ts";
import { closedError } from "./retry.ts";
import type { RowSource } from "./row-source.ts";
import { TableRun } from "./table-run.ts";

/** Each open is a few waits for the disk. */
const OPENED_AT_ONCE = 8;

export interface OpenTablesOptions {
  readonly disk: Disk;
  /** Of the tables; it exists. */
  readonly directory: string;
  readonly cacheBytes: number;
  readonly logger: Logger;
}

export class OpenTables {
  readonly cache: BlockCache;
  /** Since the start. */
  corruptReads = 0;
  readonly #options: OpenTablesOptions;
  readonly #pins: VersionPins;
  readonly #readers = new Map<number, TableReader>();
  readonly #probe = new TableProbe();
  readonly #candidates: TableEntry[] = [];
  readonly #removals = new Set<Promise<void>>();
  /** Obsolete tables whose files must stay for now. */
  #held: TableEntry[] | undefined;
  #isClosed = false;

  private constructor(options: OpenTablesOptions, version: Version) {
    this.#options = options;
    this.cache = new BlockCache(options.cacheBytes);
    this.#pins = new VersionPins(version, (tables) => this.#onObsolete(tables));
  }

  /** Opens all tables of the version. Rejects with StoreError CORRUPTION or IO. */
  static async open(options: OpenTablesOptions, version: Version): Promise<OpenTables> {
    const tables = new OpenTables(options, version);
    try {
      await forEachAtOnce(version.tables, OPENED_AT_ONCE, (table) => tables.add(table));
    } catch (cause) {
      await tables.close();
      throw cause;
    }
    return tables;
  }

  get version(): Version {
    return this.#pins.version;
  }

  /** Held by indexes and filters, and by the cache. */
  get memoryBytes(): number {
    let bytes = this.cache.sizeBytes;
    for (const reader of this.#readers.values()) bytes += reader.memoryBytes;
    return bytes;
  }

  pathOf(number: number): string {
    return `${this.#options.directory}/${tableName(number)}`;
  }

  /** Opens a table that is to be in a version soon. */
  async add({ number, checksum }: TableEntry): Promise<void> {
    if (this.#readers.has(number)) return;
    const { disk } = this.#options;
    const onCorruption = (): void => void this.corruptReads++;
    const opening = { disk, path: this.pathOf(number), cache: this.cache, checksum, onCorruption };
    this.#readers.set(number, await TableReader.open(opening));
  }

  /** As loadSums of TableReader. */
  loadSums({ number }: TableEntry, rest?: () => Promise<void>): Promise<TableSums> {
    return this.#reader(number).loadSums(rest);
  }

  /** Requires: its tables were added. */
  install(version: Version): void {
    this.#pins.install(version);
  }

  /** Keeps the files of obsolete tables until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#onObsolete(held);
  }

  /** The tables were added, and will be in no version. */
  drop(tables: readonly TableEntry[]): void {
    this.#onObsolete(tables);
  }

  /**
   * As `get` of StorageEngine, of what is in tables; of an older version only while that is pinned. Tables of level 0
   * from segment `firstKnown` on have been looked at.
   */
  get(
    key: RowKey,
    into: ByteRange,
    firstKnown: number,
    version = this.#pins.version,
  ): boolean | Promise<boolean> {
    const probe = this.#probe;
    probe.load(key.bytes, key.length);
    const candidates = this.#candidates;
    const count = version.candidates(probe, candidates, firstKnown);
    for (let i = 0; i < count; i++) {
      const found = this.#reader(candidates[i]!.number).get(probe, into);
      if (found === true) return !isForgotten(into);
      if (found === false) continue;
      if (i + 1 === count) return this.#pinned(found.then((isThere) => isThere && !isForgotten(into)));
      return this.#pinned(this.#getOn(found, candidates.slice(i + 1, count), probe.copy(), into));
    }
    return false;
  }

  /** As `get`, at once: the disk is read, if it must be, while everything else waits. */
  getSync(key: RowKey, into: ByteRange, firstKnown: number, version = this.#pins.version): boolean {
    const probe = this.#probe;
    probe.load(key.bytes, key.length);
    const candidates = this.#candidates;
    const count = version.candidates(probe, candidates, firstKnown);
    for (let i = 0; i < count; i++) {
      if (this.#reader(candidates[i]!.number).getSync(probe, into)) return !isForgotten(into);
    }
    return false;
  }

  /**
   * The rows `from` <= row key < `to` of a pinned version, one source per table or run: the newest first. If reversed,
   * each gives its last row first.
   */
  sources(
    { version }: VersionPin,
    from: Uint8Array,
    to: Uint8Array | undefined,
    isReversed = false,
  ): RowSource[] {
    const isNear = ({ properties }: TableEntry): boolean =>
      compareBytes(properties.largestKey, from) >= 0 &&
      (to === undefined || compareBytes(properties.smallestKey, to) < 0);
    const begin =
      ({ number }: TableEntry) =>
      (): RowSource => {
        const reader = this.#reader(number);
        return isReversed ? reader.scanBack(from, to) : reader.scan(from, to);
      };
    const runs = [...version.level0.map((table) => [table]), ...version.runs.map(({ tables }) => tables)];
    return runs
      .map((tables) => tables.filter(isNear))
      .filter((tables) => tables.length > 0)
      .map((tables) => new TableRun((isReversed ? tables.reverse() : tables).map(begin)));
  }

  pin(): VersionPin {
    return this.#pins.pin();
  }

  /** Resolves when every file is closed. Gets and scans under way end with StoreError CLOSED. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#removals);
    const readers = [...this.#readers.values()];
    this.#readers.clear();
    for (const reader of readers) await reader.close();
  }

  async #getOn(
    first: Promise<boolean>,
    rest: readonly TableEntry[],
    probe: TableProbe,
    into: ByteRange,
  ): Promise<boolean> {
    if (await first) return !isForgotten(into);
    for (const { number } of rest) {
      if (await this.#reader(number).get(probe, into)) return !isForgotten(into);
    }
    return false;
  }

  /** Tables stay while they are read. */
  #pinned(reading: Promise<boolean>): Promise<boolean> {
    const pin = this.#pins.pin();
    const release = (): void => pin.release();
    reading.then(release, release);
    return reading;
  }

  #reader(number: number): TableReader {
    const reader = this.#readers.get(number);
    if (reader !== undefined) return reader;
    assert(this.#isClosed, `table ${number} is not open`);
    throw closedError();
  }

  #onObsolete(tables: readonly TableEntry[]): void {
    if (this.#held !== undefined) {
      this.#held.push(...tables);
      return;
    }
    for (const table of tables) {
      const removal = this.#remove(table).finally(() => this.#removals.delete(removal));
      this.#removals.add(removal);
    }
  }

  /** A file that stays costs only space; the next start tries again. */
  async #remove({ number }: TableEntry): Promise<void> {
    const reader = this.#readers.get(number);
    this.#readers.delete(number);
    try {
      await reader?.close();
      await this.#options.disk.remove(this.pathOf(number));
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.#options.logger.warn({ cause, table: number }, "a table that is not needed cannot be removed");
    }
  }
}

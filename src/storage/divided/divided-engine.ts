/**
 * One engine made of several: a main one, and beside it one in memory (an annex) for each of some first words of keys.
 *
 *   annexes: sessions, pages       sessions:42  -> the annex "sessions"      users:42  -> main
 *                                  sessions     -> main: no colon           rows of OWN_DATABASE  -> main
 *
 * Invariant: a row is in one engine: in the one that its key names or, while an annex is being filled or emptied, in the
 * main one or the annex. Every write of such a row brings it to where it shall be, and RowCarrier brings the others.
 * Invariant: whoever puts tells what he supersedes if the main engine wants to know it, and that was not dropped since:
 * rows in use are neither evicted nor carried.
 *
 * Hot: without annexes, a call costs one comparison.
 */
import { whenReady } from "../../base/awaitable.ts";
import type { ByteRange, WordRange } from "../../base/bytes.ts";
import { FirstWords } from "../../base/first-words.ts";
import type { Clock, Random } from "../../runtime/runtime.ts";
import type { CellTraits } from "../lsm/table/cell-traits.ts";
import type { MerkleSummary } from "../lsm/table/merkle-summary.ts";
import { MemoryEngine, type RowUsage } from "../memory/memory-engine.ts";
import { DEFAULT_LIMITS, type MemoryLimits } from "../memory/memory-limits.ts";
import { OWN_DATABASE, RowKey } from "../row-key.ts";
import type { CellRules, RowCounts, RowIterator, StorageEngine } from "../storage-engine.ts";
import { type Annex, type AnnexSettings, type AnnexStatus, mayEvict } from "./annex.ts";
import { DividedRows } from "./divided-rows.ts";
import { DividedStatistics } from "./divided-statistics.ts";
import { LastingRows } from "./lasting-rows.ts";
import type { MergedScan } from "./merged-scan.ts";
import { RowCarrier } from "./row-carrier.ts";

const NO_BYTES = new Uint8Array(0);
const DATABASE_AT = 2;

export interface DividedEngineOptions {
  readonly main: StorageEngine;
  readonly rules: CellRules;
  readonly traits: Pick<CellTraits, "versionRange">;
  /** A cell that may be forgotten at once under `rules`: who puts it drops the row. */
  readonly nothing: Uint8Array;
  /** Of the row keys that the engine is asked with. */
  readonly hashSeed: number;
  readonly random: Random;
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  /** Told of every row that an annex evicts, before it goes: see MemoryEngine. */
  readonly onEvicted?: (rowKey: ByteRange) => void;
  /** What ends a first word, in place of a colon: for tests. */
  readonly separator?: number;
}

export class DividedEngine implements StorageEngine {
  readonly main: StorageEngine;
  readonly statistics: DividedStatistics;
  readonly usesSuperseded: boolean;
  readonly isResident: boolean;
  /** All rows but those of annexes that may evict: what replicas can be expected to have alike. */
  readonly lasting: StorageEngine;
  readonly getSync?: (key: RowKey, into: ByteRange) => boolean;
  readonly reserve?: (rowCount: number, bytes: number) => void;
  readonly rewriteEnd?: (end: ByteRange) => void;
  readonly merkleSummary?: (from: number, to: number) => MerkleSummary;
  readonly #options: DividedEngineOptions;
  readonly #nothing: ByteRange;
  readonly #carrier: RowCarrier;
  readonly #rows: DividedRows;
  readonly #scans = new Set<MergedScan>();
  readonly #scratch: WordRange = { bytes: NO_BYTES, start: 0, end: 0, words: undefined };
  #annexes: readonly Annex[] = [];
  #hasAnnexes = false;
  #byName = new FirstWords<Annex>([]);
  /** Which engine `get` has pointed into last. */
  #given: StorageEngine;
  #isInUse: ((rowKeyHash: number) => boolean) | undefined;
  readonly #isUsed = (hash: number): boolean => this.#isInUse?.(hash) === true || this.#carrier.reads(hash);
  #limits: Partial<MemoryLimits> = {};

  constructor(options: DividedEngineOptions) {
    const { main, nothing } = options;
    this.#options = options;
    this.main = main;
    this.#given = main;
    this.#nothing = { bytes: nothing, start: 0, end: nothing.length };
    this.usesSuperseded = main.usesSuperseded === true;
    this.isResident = main.isResident === true;
    if (main.getSync !== undefined) this.getSync = (key, into) => this.#getSync(key, into);
    if (main.reserve !== undefined) this.reserve = (rowCount, bytes) => main.reserve!(rowCount, bytes);
    if (main.rewriteEnd !== undefined) this.rewriteEnd = (end) => this.#given.rewriteEnd!(end);
    if (main.merkleSummary !== undefined)
      this.merkleSummary = (from, to) => this.#rows.merkleSummary(from, to);
    this.statistics = new DividedStatistics(main.statistics, () => this.#annexes);
    const parts = { main, scans: this.#scans, traits: options.traits };
    this.#rows = new DividedRows(parts, () => this.#annexes);
    const lasting = (): readonly Annex[] =>
      this.#hasAnnexes ? this.#annexes.filter(({ settings }) => !mayEvict(settings)) : this.#annexes;
    this.lasting = new LastingRows(this, main, new DividedRows(parts, lasting));
    this.#carrier = new RowCarrier({
      main,
      annexes: () => this.#annexes,
      annexOf: (key) => this.#annexOf(key),
      isInUse: (hash) => this.#isInUse?.(hash) === true,
      note: (key, cell) => this.#note(key, cell),
      nothing: this.#nothing,
      hashSeed: options.hashSeed,
    });
    if (this.usesSuperseded) main.isInUse = this.#isUsed;
  }

  get isInUse(): ((rowKeyHash: number) => boolean) | undefined {
    return this.#isInUse;
  }

  set isInUse(isInUse: ((rowKeyHash: number) => boolean) | undefined) {
    this.#isInUse = isInUse;
  }

  get(key: RowKey, into: WordRange, touch?: boolean): boolean | Promise<boolean> {
    if (!this.#hasAnnexes) return this.main.get(key, into, touch);
    const annex = this.#annexOf(key);
    this.#given = this.main;
    if (annex === undefined) return this.main.get(key, into, touch);
    if (annex.engine.get(key, into, touch)) {
      this.#given = annex.engine;
      if (!this.isResident) into.words = undefined; // whoever reads from the main engine next does not change it
      return true;
    }
    return annex.stage === "settled" ? false : this.main.get(key, into, touch);
  }

  put(key: RowKey, cell: ByteRange, superseded?: ByteRange, insists?: boolean): void | Promise<void> {
    const annex = this.#hasAnnexes ? this.#annexOf(key) : undefined;
    if (annex === undefined) return this.#followed(this.main.put(key, cell, superseded, insists));
    if (annex.stage === "settled") return annex.engine.put(key, cell, undefined, insists);
    this.#carrier.onPut(key.hash);
    return annex.stage === "filling"
      ? this.#putInto(annex.engine, key, cell, superseded, insists)
      : this.#putOutOf(annex.engine, key, cell, superseded, insists);
  }

  merge(key: RowKey, cell: ByteRange): void | Promise<void> {
    const annex = this.#hasAnnexes ? this.#annexOf(key) : undefined;
    if (annex === undefined) return this.#followed(this.main.merge(key, cell));
    if (annex.stage === "settled") return annex.engine.merge(key, cell);
    const present: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
    const found = this.get(key, present, false);
    const incoming = rangeOf(copyOf(cell));
    if (typeof found === "boolean") return this.#mergeInto(key, incoming, found ? present : undefined);
    const own = new RowKey(key.seed);
    own.load(key.bytes, 0, key.length);
    return found.then((isThere) => this.#mergeInto(own, incoming, isThere ? present : undefined));
  }

  dropIfExpired(key: RowKey, wallMs: number): boolean {
    const annex = this.#hasAnnexes ? this.#annexOf(key) : undefined;
    if (annex?.engine.dropIfExpired(key, wallMs) === true) return true;
    if (annex !== undefined && annex.stage === "settled") return false;
    return this.main.dropIfExpired?.(key, wallMs) === true;
  }

  mayEvict(key: RowKey): boolean {
    const annex = this.#hasAnnexes ? this.#annexOf(key) : undefined;
    return annex !== undefined && mayEvict(annex.settings);
  }

  durable(): Promise<void> | undefined {
    return this.main.durable();
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
    for (const { engine } of this.#annexes) engine.clear(database);
    const cleared = this.main.clear(database);
    return cleared === undefined ? undefined : this.#carrier.followClearing(cleared);
  }

  dropExpired(wallMs: number, rowsMax: number): number | Promise<number> {
    let count = 0;
    for (const { engine } of this.#annexes) count += engine.dropExpired(wallMs, rowsMax);
    return whenReady(this.main.dropExpired(wallMs, rowsMax), (dropped) => dropped + count);
  }

  /** Rows that are on their way stay where they are. */
  async close(): Promise<void> {
    for (const { engine } of this.#annexes) await engine.close();
    await this.main.close();
  }

  /**
   * There shall be these annexes. Those that are new, but for the settled ones, have rows in the main engine yet, and those not named
   * have rows that shall be there: `carry` brings them.
   */
  arrange(wanted: readonly AnnexSettings[], isSettled: (name: string) => boolean): void {
    const present = new Map(this.#annexes.map((annex) => [annex.settings.name, annex]));
    const annexes = wanted.map((settings) => {
      const known = present.get(settings.name);
      present.delete(settings.name);
      return known === undefined ? this.#open(settings, isSettled(settings.name)) : renewed(known, settings);
    });
    for (const annex of present.values()) {
      annex.stage = "emptying";
      annex.settings = unlimited(annex.settings);
    }
    this.#setAnnexes([...annexes, ...present.values()]);
    this.#carrier.begin();
    this.#letGo();
  }

  /**
   * Only these annexes may evict, at most, from now on; `arrange` may come later. So the rows of the others are among those that
   * last before anybody compares them who knows it.
   */
  confineEviction(wanted: readonly AnnexSettings[]): void {
    for (const annex of this.#annexes) {
      const settings = wanted.find(({ name }) => name === annex.settings.name) ?? unlimited(annex.settings);
      if (mayEvict(settings)) continue;
      annex.settings = settings;
      this.#limit(annex);
    }
  }

  /** True if rows are not all where they shall be. */
  get isCarrying(): boolean {
    return this.#annexes.some(({ stage }) => stage !== "settled");
  }

  /**
   * A step of bringing rows to where they shall be, of about `rowsMax` rows. Rejects with StoreError if the main engine refuses
   * it for the time being.
   */
  async carry(rowsMax: number): Promise<void> {
    await this.#carrier.step(rowsMax);
    this.#letGo();
  }

  annexes(): readonly AnnexStatus[] {
    return this.#annexes.map(({ settings, stage, engine }) => {
      let rows = 0;
      for (let database = 0; database < OWN_DATABASE; database++) rows += engine.counts(database).rows;
      return { ...settings, stage, rows, statistics: engine.statistics };
    });
  }

  /** The annexes' own settings come before these. */
  setLimits(limits: Partial<MemoryLimits>): void {
    this.#limits = limits;
    for (const annex of this.#annexes) this.#limit(annex);
  }

  /** Of a row in an annex; undefined if it is in none. */
  usage(key: RowKey): RowUsage | undefined {
    return this.#annexOf(key)?.engine.usage(key);
  }

  /** As `usage`. */
  rowBytes(key: RowKey): number | undefined {
    return this.#annexOf(key)?.engine.rowBytes(key);
  }

  /** Work of the annexes that no call waits for: see MemoryEngine. */
  maintain(): boolean {
    let isMoreWaiting = false;
    for (const { engine } of this.#annexes) isMoreWaiting = engine.maintain() || isMoreWaiting;
    return isMoreWaiting;
  }

  #followed(written: void | Promise<void>): void | Promise<void> {
    return written === undefined ? undefined : this.#carrier.follow(written);
  }

  #annexOf(key: RowKey): Annex | undefined {
    const bytes = key.unplacedBytes;
    return bytes[DATABASE_AT] === OWN_DATABASE ? undefined : this.#byName.of(bytes, key.keyStart, key.length);
  }

  #getSync(key: RowKey, into: WordRange): boolean {
    const annex = this.#hasAnnexes ? this.#annexOf(key) : undefined;
    if (annex === undefined) return this.main.getSync!(key, into);
    if (annex.engine.get(key, into, false)) {
      into.words = undefined;
      return true;
    }
    return annex.stage !== "settled" && this.main.getSync!(key, into);
  }

  /** Puts a row whose annex is being filled. */
  #putInto(
    annex: MemoryEngine,
    key: RowKey,
    cell: ByteRange,
    superseded: ByteRange | undefined,
    insists: boolean | undefined,
  ): void | Promise<void> {
    const { main } = this;
    if (annex.get(key, this.#scratch, false)) return annex.put(key, cell, undefined, insists);
    const isInMain = this.isResident ? main.get(key, this.#scratch, false) : superseded !== undefined;
    const isDrop = !isInMain && this.#options.rules.isCollectible(cell, this.#options.clock.wallMs());
    if (isDrop) return main.put(key, cell); // it has to look, for nobody else has
    if (isInMain !== true) return annex.put(key, cell, undefined, insists);
    main.reserve?.(1, key.length + this.#nothing.end);
    annex.put(key, cell, undefined, insists);
    this.#note(key, cell);
    return main.put(key, this.#nothing, superseded);
  }

  /** Puts a row whose annex is being emptied. */
  #putOutOf(
    annex: MemoryEngine,
    key: RowKey,
    cell: ByteRange,
    superseded: ByteRange | undefined,
    insists: boolean | undefined,
  ): void | Promise<void> {
    if (!annex.get(key, this.#scratch, false)) return this.main.put(key, cell, superseded, insists);
    this.#note(key, cell);
    const written = this.main.put(key, cell, undefined, insists);
    annex.put(key, this.#nothing);
    return written;
  }

  #mergeInto(key: RowKey, incoming: ByteRange, present: ByteRange | undefined): void | Promise<void> {
    if (present === undefined) return this.put(key, incoming);
    const existing = copyOf(present);
    const merged = this.#options.rules.merge(existing, incoming.bytes);
    return merged === existing ? undefined : this.put(key, rangeOf(merged), rangeOf(existing));
  }

  #note(key: RowKey, cell: ByteRange): void {
    if (this.#scans.size === 0) return;
    const rowKey = key.copy();
    for (const scan of this.#scans) scan.note(rowKey, cell);
  }

  #open(settings: AnnexSettings, isSettled: boolean): Annex {
    const { rules, random, clock, onEvicted } = this.#options;
    const engine = new MemoryEngine({ ...DEFAULT_LIMITS, rules, random, clock });
    engine.onDropped = (rowKey, reason) => {
      if (reason === "evicted") onEvicted?.(rowKey);
    };
    if (this.usesSuperseded) engine.isInUse = this.#isUsed;
    return { settings, stage: isSettled ? "settled" : "filling", engine };
  }

  #setAnnexes(annexes: readonly Annex[]): void {
    this.#annexes = annexes;
    this.#hasAnnexes = annexes.length > 0;
    this.#given = this.main;
    const byName = annexes.map((annex) => [annex.settings.name, annex] as const);
    this.#byName = new FirstWords(byName, this.#options.separator);
    for (const annex of annexes) this.#limit(annex);
  }

  #limit({ settings, engine }: Annex): void {
    const { memoryBytesMax, evictionPolicy } = settings;
    engine.setLimits({ ...this.#limits, memoryBytesMax, evictionPolicy });
  }

  /** Annexes that shall be none have gone once they are empty; scans that are open keep theirs. */
  #letGo(): void {
    const kept = this.#annexes.filter(
      ({ stage, engine }) => stage !== "emptying" || !this.#carrier.isEmpty(engine),
    );
    if (kept.length === this.#annexes.length) return;
    for (const annex of this.#annexes) if (!kept.includes(annex)) this.statistics.keep(annex);
    this.#setAnnexes(kept);
  }
}

function renewed(annex: Annex, settings: AnnexSettings): Annex {
  annex.settings = settings;
  if (annex.stage === "emptying") annex.stage = "filling";
  return annex;
}

function unlimited({ name }: AnnexSettings): AnnexSettings {
  return { name, memoryBytesMax: 0, evictionPolicy: "noeviction" };
}

function copyOf({ bytes, start, end }: ByteRange): Uint8Array {
  return bytes.slice(start, end);
}

function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}

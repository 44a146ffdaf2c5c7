/**
 * One node's own copy of the data: reads the present cell, runs a pure step on it, and stores the cell that
 * supersedes it, stamped with a dot and a hybrid time.
 *
 * Invariant: every write gets a dot that was never used before and covers exactly what its step saw.
 * Invariant: between a step's read and its write nothing else touches its keys: there is no await between
 * them, or the latch holds the keys. So too from a transaction's first step to its last: its cells are read
 * under the latch before the first, and its steps follow each other without an await.
 */
import { assert } from "../base/assert.ts";
import { type Awaitable, allReady, whenReady } from "../base/awaitable.ts";
import { ByteCopier } from "../base/byte-copier.ts";
import type { ByteRange } from "../base/bytes.ts";
import { type Cell, EMPTY_CELL } from "../causality/cell.ts";
import {
  COMPACT_HEADER_BYTES_MAX,
  type CompactStamp,
  canRestampCompact,
  compactExpiresAtMs,
  compactOverwriteHeaderBytes,
  compactPayloadStart,
  FIXED_BYTES,
  isCompact,
  restampCompact,
  writeCompactOverwrite,
} from "../causality/compact-cell.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { CellChanger, type SiblingLimits, type Write } from "./cell-changer.ts";
import { CellStore, copyOf, type Within } from "./cell-store.ts";
import { KeyLatch } from "./key-latch.ts";
import { type KeyVisitor, type WalkStep, walkKeys } from "./key-walk.ts";
import type { Stamper } from "./stamper.ts";
import { type Effect, type KeyRef, type KeyView, type ManyEffect, viewOf } from "./step.ts";
import { versionOf, type Watch, WatchBoard } from "./watch-board.ts";

/** How `peek` answers. */
export const MISS = 0;
export const HIT = 1;
export const ELSEWHERE = 2;
export type Peek = typeof MISS | typeof HIT | typeof ELSEWHERE;

/** Longer values go the general way, where each call is timed alone. */
const PEEK_BYTES_MAX = 64 * 1024;
const SCRATCH_BYTES = (COMPACT_HEADER_BYTES_MAX + 3 + PEEK_BYTES_MAX + 3) & ~3;
const NO_BYTES = new Uint8Array(0);

/** The arguments of SET in place: key and value are the second and third. */
export interface OverwriteRequest {
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export interface ReadOptions {
  readonly wallMs: number;
  /** False if the read is not to count as a use of the key. */
  readonly touch: boolean;
}

/** Under which number each database is stored. */
export interface DatabaseNumbers {
  physicalOf(database: number): number;
  /** Exchanges the numbers of two. */
  swap(a: number, b: number): void;
  /** Gives the database a number without rows. False if there is none. */
  renew(database: number): boolean;
}

export interface Transaction {
  /** All keys that its steps touch. */
  readonly refs: readonly KeyRef[];
  /** It runs only if none of these has changed. */
  readonly watches: readonly Watch[];
  readonly wallMs: number;
}

/** Something to be done with keys: their databases are given by physical numbers. */
interface Deed<C, R> {
  load(stored: readonly KeyRef[]): Awaitable<C>;
  apply(loaded: C, stored: readonly KeyRef[]): Awaitable<R>;
}

export class LocalReplica {
  readonly #engine: StorageEngine;
  readonly #stamper: Stamper;
  readonly #databases: DatabaseNumbers;
  readonly #changer: CellChanger;
  readonly #cells: CellStore;
  readonly #latch = new KeyLatch();
  readonly #watchBoard = new WatchBoard();
  readonly #rowKey: RowKey;
  readonly #range: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  /** Where `overwrite` puts a new cell together. */
  readonly #scratch: ByteRange = { bytes: new Uint8Array(SCRATCH_BYTES), start: 0, end: 0 };
  readonly #scratchWords = new Int32Array(this.#scratch.bytes.buffer);
  readonly #value: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #copier = new ByteCopier();
  #hits = 0;
  #misses = 0;

  constructor(
    engine: StorageEngine,
    stamper: Stamper,
    databases: DatabaseNumbers,
    { hashSeed, ...limits }: SiblingLimits & { readonly hashSeed: number },
  ) {
    this.#engine = engine;
    this.#stamper = stamper;
    this.#databases = databases;
    this.#changer = new CellChanger(stamper, limits);
    this.#cells = new CellStore(engine, this.#watchBoard, hashSeed);
    this.#rowKey = new RowKey(hashSeed);
  }

  /** Reads that found a live key, and reads that did not, since the last reset. */
  get lookups(): { readonly hits: number; readonly misses: number } {
    return { hits: this.#hits, misses: this.#misses };
  }

  resetLookups(): void {
    this.#hits = 0;
    this.#misses = 0;
  }

  /**
   * Hot: points `into` at the value of `bytes[start, end)`. MISS if there is none; ELSEWHERE if the general
   * way must answer (siblings, increments, a long value, the disk).
   */
  peek(
    database: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    wallMs: number,
    into: ByteRange,
  ): Peek {
    this.#rowKey.encode(this.#databases.physicalOf(database), bytes, start, end);
    const found = this.#engine.get(this.#rowKey, into);
    if (found === false) {
      this.#misses++;
      return MISS;
    }
    if (found !== true || !isCompact(into.bytes, into.start, into.end)) return ELSEWHERE;
    if (into.end - into.start > PEEK_BYTES_MAX) return ELSEWHERE;
    const expiresAtMs = compactExpiresAtMs(into.bytes, into.start);
    if (expiresAtMs !== 0 && expiresAtMs <= wallMs) {
      this.#misses++;
      return MISS;
    }
    into.start = compactPayloadStart(into.bytes, into.start);
    this.#hits++;
    return HIT;
  }

  /**
   * Hot: a plain overwrite, whatever is there. False, with nothing done, if the general way must do it.
   * Requires: what `peek` requires, and a value within the limit.
   */
  overwrite(database: number, request: OverwriteRequest, expiresAtMs: number, wallMs: number): boolean {
    const { bytes, starts, ends } = request;
    const valueStart = starts[2]!;
    const valueLength = ends[2]! - valueStart;
    if (valueLength > PEEK_BYTES_MAX) return false;
    this.#rowKey.encode(this.#databases.physicalOf(database), bytes, starts[1]!, ends[1]!);
    if (this.#latch.holds(this.#rowKey.hash)) return false;
    const range = this.#range;
    const found = this.#engine.get(this.#rowKey, range, false);
    if (typeof found !== "boolean") return false;
    if (!found) range.end = range.start;
    const stamp = this.#stamper.compactStamp(wallMs, expiresAtMs);
    this.#value.bytes = bytes;
    this.#value.start = valueStart;
    this.#value.end = valueStart + valueLength;
    if (!this.#rewrite(stamp, range, valueLength) && !this.#replace(stamp, range, valueLength)) return false;
    this.#watchBoard.noteWrite(this.#rowKey.hash);
    return true;
  }

  /** The cell at `range` becomes its successor where it lies, if engine and cell allow. */
  #rewrite(stamp: CompactStamp, range: ByteRange, valueLength: number): boolean {
    if (this.#engine.rewriteEnd === undefined) return false;
    if (range.end - range.start !== FIXED_BYTES + valueLength) return false;
    if (!canRestampCompact(stamp, range.bytes, range.start, range.end)) return false;
    restampCompact(stamp, range.bytes, range.start);
    this.#engine.rewriteEnd(this.#value);
    return true;
  }

  /** Puts the successor of the cell at `range` in its place; false if it would not be compact. */
  #replace(stamp: CompactStamp, range: ByteRange, valueLength: number): boolean {
    const headerBytes = compactOverwriteHeaderBytes(stamp, range.bytes, range.start, range.end);
    if (headerBytes === 0) return false;
    const scratch = this.#scratch;
    const payloadAt = (headerBytes + 3) & ~3; // the copier wants a whole word
    scratch.start = payloadAt - headerBytes;
    writeCompactOverwrite(scratch.bytes, scratch.start, stamp, range.bytes, range.start, range.end);
    this.#copier.copy(this.#value, this.#scratchWords, scratch.bytes, payloadAt >>> 2);
    scratch.end = payloadAt + valueLength;
    const superseded = range.end > range.start ? range : undefined;
    const stored = this.#engine.put(this.#rowKey, scratch, superseded);
    assert(stored === undefined, "an engine that makes writers wait has no use for the fast path");
    return true;
  }

  read<R>(ref: KeyRef, { wallMs, touch }: ReadOptions, step: (view: KeyView) => R): Awaitable<R> {
    return whenReady(this.#cells.load(this.#stored(ref), touch), (cell) =>
      step(this.#countLookup(viewOf(cell, wallMs))),
    );
  }

  /** All keys as they were at one moment. */
  readMany<R>(
    refs: readonly KeyRef[],
    { wallMs, touch }: ReadOptions,
    step: (views: KeyView[]) => R,
  ): Awaitable<R> {
    if (refs.length === 1) return this.read(refs[0]!, { wallMs, touch }, (view) => step([view]));
    return this.#exclusively(refs, {
      load: (stored) => this.#cells.loadAll(stored, touch),
      apply: (cells) => step(cells.map((cell) => this.#countLookup(viewOf(cell, wallMs)))),
    });
  }

  update<R>(ref: KeyRef, wallMs: number, step: (view: KeyView) => Effect<R>): Awaitable<R> {
    return this.#exclusively([ref], {
      load: ([stored]) => this.#cells.load(stored!, true),
      apply: (cell, [stored]) => {
        const own = copyOf(cell);
        const { reply, change, replyAfter } = step(viewOf(own, wallMs));
        if (change === undefined) return reply;
        const changed = this.#changer.changed(own, change, wallMs);
        const write = this.#cells.store(stored!, changed, own, change.kind === "expire");
        return whenReady(write, () => replyAfter?.(changed) ?? reply);
      },
    });
  }

  /** As `update`, of several keys at once. A key that is there twice sees one view, and its changes in order. */
  updateMany<R>(
    refs: readonly KeyRef[],
    wallMs: number,
    step: (views: KeyView[]) => ManyEffect<R>,
  ): Awaitable<R> {
    return this.#exclusively(refs, {
      load: (stored) => this.#cells.loadAll(stored, true),
      apply: (cells, stored) => {
        const { reply, changes } = step(cells.map((cell) => viewOf(cell, wallMs)));
        const writes = this.#changer.writesOf(stored, cells, changes, wallMs);
        return whenReady(this.#storeAll(writes), () => reply);
      },
    });
  }

  /** Remembers the key as it is now. Pair it with `release`. */
  watch(ref: KeyRef, wallMs: number): Awaitable<Watch> {
    const stored = this.#stored(ref);
    const watch = this.#watchBoard.add(ref, this.#cells.hashOf(stored));
    const seen = (cell: Cell | undefined): Watch => {
      watch.version = versionOf(cell, wallMs);
      return watch;
    };
    const cell = this.#cells.load(stored, false);
    if (!(cell instanceof Promise)) return seen(cell);
    return cell.then(seen, (cause: unknown) => {
      this.release(watch);
      throw cause;
    });
  }

  release(watch: Watch): void {
    this.#watchBoard.remove(watch);
  }

  /**
   * Runs `body`, whose reads and updates of the transaction's keys answer at once as long as they run `within`
   * it; others see all of its changes or none. Undefined, without running it, if a watched key has changed.
   */
  transact<R>(
    { refs, watches, wallMs }: Transaction,
    body: (within: Within) => Awaitable<R>,
  ): Awaitable<R | undefined> {
    return this.#exclusively([...watches.map(({ ref }) => ref), ...refs], {
      load: (stored) => this.#cells.loadAll(stored, true),
      apply: (cells, stored) => {
        const isUntouched = watches.every(
          ({ isWritten, version }, i) => !isWritten && versionOf(cells[i], wallMs) === version,
        );
        return isUntouched ? this.#cells.runPinned(stored, cells, body) : undefined;
      },
    });
  }

  /**
   * Forgets every key of one database, or of all. Takes no time for the rows themselves: a database beside others
   * is given a new number, and its old rows are left to whoever keeps the numbers.
   */
  clear(database?: number): Awaitable<void> {
    if (database === undefined) return this.#cells.clear(undefined);
    const before = this.#databases.physicalOf(database);
    if (this.#cells.isOnly(before) || !this.#databases.renew(database)) return this.#cells.clear(before);
    this.#cells.noteClear(before, this.#databases.physicalOf(database));
    this.#watchBoard.noteSwap(database, database, {
      hashOf: (ref) => this.#cells.hashOf(this.#stored(ref)),
      isLive: () => false,
    });
  }

  /** Lets two databases change places: no row is touched. */
  swapDatabases(a: number, b: number, wallMs: number): void {
    if (a === b) return;
    this.#databases.swap(a, b);
    this.#watchBoard.noteSwap(a, b, {
      hashOf: (ref) => this.#cells.hashOf(this.#stored(ref)),
      isLive: (ref) => this.#cells.mayBeLive(this.#stored(ref), wallMs),
    });
  }

  /** Shows `visit` the live keys of a database, a bounded number of rows of them: see key-walk.ts. */
  walkKeys(step: WalkStep, visit: KeyVisitor): Awaitable<number> {
    return walkKeys(this.#engine, { ...step, database: this.#databases.physicalOf(step.database) }, visit);
  }

  #stored({ database, key }: KeyRef): KeyRef {
    return { database: this.#databases.physicalOf(database), key };
  }

  #storedAll(refs: readonly KeyRef[]): readonly KeyRef[] {
    return refs.map((ref) => this.#stored(ref));
  }

  /** Runs a deed with nothing else in between: at once if what it loads is at hand, else under the latch. */
  #exclusively<C, R>(refs: readonly KeyRef[], deed: Deed<C, R>): Awaitable<R> {
    const stored = this.#storedAll(refs);
    const load = (): Awaitable<C> => deed.load(stored);
    const apply = (loaded: C): Awaitable<R> => deed.apply(loaded, stored);
    if (this.#cells.isPinned) return whenReady(load(), apply); // its transaction holds the latch
    const isHeld = stored.some((ref) => this.#latch.holds(this.#cells.hashOf(ref)));
    const early = isHeld ? undefined : load();
    if (isHeld || early instanceof Promise) return this.#latched(refs, stored, early as Promise<C>, deed);
    const result = apply(early as C);
    // A transaction may go on after an await: nobody has come between so far, and now nobody can.
    return result instanceof Promise ? this.#latch.run(this.#hashesOf(stored), () => result) : result;
  }

  /** `early` is what the deed loaded before the latch was asked for, if it did. */
  async #latched<C, R>(
    refs: readonly KeyRef[],
    stored: readonly KeyRef[],
    early: Promise<C> | undefined,
    deed: Deed<C, R>,
  ): Promise<R> {
    const { clearCount } = this.#cells;
    const done = await this.#latch.run(this.#hashesOf(stored), async () => {
      const loaded = await (early ?? deed.load(stored));
      // Where all was cleared meanwhile, it must not write what it has read, nor where it has read it.
      return clearCount === this.#cells.clearCount ? { result: await deed.apply(loaded, stored) } : undefined;
    });
    return done === undefined ? this.#exclusively(refs, deed) : done.result;
  }

  #hashesOf(refs: readonly KeyRef[]): number[] {
    return refs.map((ref) => this.#cells.hashOf(ref));
  }

  /** All or none: a write that finds no room takes those before it back. What gives up a key finds room for another. */
  #storeAll(writes: readonly Write[]): Awaitable<unknown> {
    const insists = writes.some(({ cell }) => cell.siblings.length === 0);
    const stored: Awaitable<void>[] = [];
    try {
      for (const { ref, cell, before } of writes) stored.push(this.#cells.store(ref, cell, before, insists));
    } catch (cause) {
      for (const { ref, cell, before } of writes.slice(0, stored.length).reverse()) {
        void this.#cells.store(ref, before ?? EMPTY_CELL, cell, true);
      }
      throw cause;
    }
    return allReady(stored);
  }

  #countLookup(view: KeyView): KeyView {
    if (view.value === undefined) this.#misses++;
    else this.#hits++;
    return view;
  }
}

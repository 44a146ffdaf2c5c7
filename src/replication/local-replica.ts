/**
 * One node's own copy of the data: reads the present cell, runs a pure step on it, and stores the cell that
 * supersedes it, stamped with a dot and a hybrid time.
 *
 * Invariant: every write gets a dot that was never used before and covers exactly what its step saw.
 * Invariant: between a step's read and its write nothing else touches its keys: there is no await between
 * them, or the latch holds the keys. So too from a transaction's first step to its last: its cells are read
 * under the latch before the first, and its steps follow each other without an await.
 */
import { type Awaitable, allReady, whenReady } from "../base/awaitable.ts";
import type { ByteRange } from "../base/bytes.ts";
import { type Cell, EMPTY_CELL } from "../causality/cell.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { CellChanger, type SiblingLimits, type Write } from "./cell-changer.ts";
import { CellStore, copyOf, type Within } from "./cell-store.ts";
import { HIT, KeyAtHand, MISS, PEEK_BYTES_MAX, type Peek } from "./key-at-hand.ts";
import { KeyLatch } from "./key-latch.ts";
import { type KeyVisitor, type WalkStep, walkKeys } from "./key-walk.ts";
import type { Stamper } from "./stamper.ts";
import { type Change, type Effect, type KeyRef, type KeyView, type ManyEffect, viewOf } from "./step.ts";
import { UndoLog } from "./undo-log.ts";
import { versionOf, type Watch, WatchBoard } from "./watch-board.ts";

/**
 * Called before a step is run later, if it can not be run at once: what it and its keys borrow must be made to last.
 * Returns the keys anew.
 */
export type Keep = () => readonly KeyRef[];

/** A request in place: argument i is `bytes[starts[i], ends[i])`. */
export interface RequestInPlace {
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
  readonly #databases: DatabaseNumbers;
  readonly #changer: CellChanger;
  readonly #cells: CellStore;
  readonly #key: KeyAtHand;
  readonly #latch = new KeyLatch();
  readonly #watchBoard = new WatchBoard();
  /** True while a part of a transaction runs on an engine that answers at once: it holds what it needs. */
  #isInside = false;
  readonly #undo = new UndoLog();
  #hits = 0;
  #misses = 0;

  constructor(
    engine: StorageEngine,
    stamper: Stamper,
    databases: DatabaseNumbers,
    { hashSeed, ...limits }: SiblingLimits & { readonly hashSeed: number },
  ) {
    this.#engine = engine;
    this.#databases = databases;
    this.#changer = new CellChanger(stamper, limits);
    this.#cells = new CellStore(engine, this.#watchBoard, hashSeed);
    const parts = { engine, stamper, changer: this.#changer, watchBoard: this.#watchBoard, hashSeed };
    this.#key = new KeyAtHand(parts);
  }

  /** Reads that found a live key, and reads that did not, since the last reset. */
  get lookups(): { readonly hits: number; readonly misses: number } {
    return { hits: this.#hits, misses: this.#misses };
  }

  resetLookups(): void {
    this.#hits = 0;
    this.#misses = 0;
  }

  /** Where the value lies that `peek` has hit, until the next call. */
  get value(): ByteRange {
    return this.#key.value;
  }

  /**
   * Hot: points `value` at the value of the key `bytes[start, end)`. MISS if there is none; ELSEWHERE if the general
   * way must answer (siblings, a long value). A promise is of the value, where the disk must be touched.
   */
  peek(
    database: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    wallMs: number,
  ): Peek | Promise<Uint8Array | undefined> {
    const key = this.#key;
    key.name(this.#databases.physicalOf(database), bytes, start, end);
    const later = key.find(true);
    if (later !== undefined) {
      return later.then((cell) => this.#countLookup(viewOf(cell, wallMs)).value);
    }
    const peeked = key.peek(wallMs);
    if (peeked === HIT) this.#hits++;
    else if (peeked === MISS) this.#misses++;
    return peeked;
  }

  /**
   * Hot: a plain overwrite, whatever is there, with the key as the second argument and the value as that of number
   * `valueAt`. False, with nothing done, if the general way must do it; a promise where that takes time.
   */
  overwrite(
    database: number,
    request: RequestInPlace,
    valueAt: number,
    expiresAtMs: number,
    wallMs: number,
  ): boolean | Promise<true> {
    const { bytes, starts, ends } = request;
    const [start, end] = [starts[valueAt]!, ends[valueAt]!];
    if (end - start > PEEK_BYTES_MAX) return false;
    const key = this.#key;
    key.name(this.#databases.physicalOf(database), bytes, starts[1]!, ends[1]!);
    if (!this.#isFree(key.hash)) return false;
    const early = key.find(false);
    if (early !== undefined) {
      const value = bytes.slice(start, end);
      const ref = { database, key: bytes.slice(starts[1], ends[1]) };
      const step = (): Effect<true> => ({ reply: true, change: { kind: "put", value, expiresAtMs } });
      return Promise.resolve(this.#updateLoaded(ref, wallMs, step, early));
    }
    if (!key.isPlain) return false;
    const written = key.overwrite(bytes, start, end, expiresAtMs, wallMs);
    return written instanceof Promise ? written.then(() => true) : true;
  }

  /** A step that may be run later must not borrow its key. */
  read<R>(
    ref: KeyRef,
    { wallMs, touch }: ReadOptions,
    step: (view: KeyView) => R,
    keep?: Keep,
  ): Awaitable<R> {
    if (!this.#cells.isPinned) {
      const later = this.#find(ref, touch);
      if (later === undefined) return step(this.#countLookup(this.#key.view(wallMs, false)));
      keep?.();
      return later.then((cell) => step(this.#countLookup(viewOf(cell, wallMs))));
    }
    return whenReady(this.#cells.load(this.#stored(ref), touch), (cell) =>
      step(this.#countLookup(viewOf(cell, wallMs))),
    );
  }

  /** All keys as they were at one moment. */
  readMany<R>(
    refs: readonly KeyRef[],
    { wallMs, touch }: ReadOptions,
    step: (views: KeyView[]) => R,
    keep?: Keep,
  ): Awaitable<R> {
    if (refs.length === 1) return this.read(refs[0]!, { wallMs, touch }, (view) => step([view]), keep);
    const views = this.#viewAll(refs, wallMs, touch);
    if (views !== undefined) {
      for (const view of views) this.#countLookup(view);
      return step(views);
    }
    return this.#exclusively(keep?.() ?? refs, {
      load: (stored) => this.#cells.loadAll(stored, touch),
      apply: (cells) => step(cells.map((cell) => this.#countLookup(viewOf(cell, wallMs)))),
    });
  }

  update<R>(ref: KeyRef, wallMs: number, step: (view: KeyView) => Effect<R>, keep?: Keep): Awaitable<R> {
    const key = this.#key;
    let early: Promise<Cell | undefined> | undefined;
    if (!this.#cells.isPinned) {
      const physical = this.#databases.physicalOf(ref.database);
      key.name(physical, ref.key, 0, ref.key.length);
      if (this.#isFree(key.hash)) {
        early = key.find(true);
        if (early === undefined) return this.#updateAtHand(wallMs, step);
      }
    }
    return this.#updateLoaded(keep?.()[0] ?? ref, wallMs, step, early);
  }

  /** As `update`, of several keys at once. A key that is there twice sees one view, and its changes in order. */
  updateMany<R>(
    refs: readonly KeyRef[],
    wallMs: number,
    step: (views: KeyView[]) => ManyEffect<R>,
    keep?: Keep,
  ): Awaitable<R> {
    if (refs.length === 1) {
      const single = (view: KeyView): Effect<R> => {
        const { reply, changes } = step([view]);
        return { reply, change: changes[0] };
      };
      return this.update(refs[0]!, wallMs, single, keep);
    }
    const views = this.#engine.isResident ? this.#viewAll(refs, wallMs, true) : undefined;
    if (views !== undefined) {
      const { reply, changes } = step(views);
      const own = ownReply(reply);
      if (isUniform(views, changes)) this.#changeAll(refs, changes, wallMs);
      else this.#changeAllDecoded(refs, views, changes, wallMs);
      return own;
    }
    return this.#exclusively(keep?.() ?? refs, {
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
    const all = watches.length === 0 ? refs : [...watches.map(({ ref }) => ref), ...refs];
    const isUntouched = (cells: readonly (Cell | undefined)[]): boolean =>
      watches.every(({ isWritten, version }, i) => !isWritten && versionOf(cells[i], wallMs) === version);
    if (this.#engine.isResident && (this.#latch.isIdle || !this.#areHeld(this.#storedAll(all)))) {
      const watched = watches.map(({ ref }) => this.#cells.load(this.#stored(ref), false));
      return isUntouched(watched as (Cell | undefined)[]) ? this.#transactAtOnce(all, body) : undefined;
    }
    return this.#exclusively(all, {
      load: (stored) => this.#cells.loadAll(stored, true),
      apply: (cells, stored) => (isUntouched(cells) ? this.#cells.runPinned(stored, cells, body) : undefined),
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

  /** Takes up the key and finds it: undefined once it is at hand, or a promise of its cell. */
  #find({ database, key }: KeyRef, touch: boolean): undefined | Promise<Cell | undefined> {
    this.#key.name(this.#databases.physicalOf(database), key, 0, key.length);
    return this.#key.find(touch);
  }

  /** True if nobody holds the key of that hash, but for the transaction whose part is being run. */
  #isFree(hash: number): boolean {
    return this.#isInside || !this.#latch.holds(hash);
  }

  #areHeld(stored: readonly KeyRef[]): boolean {
    return stored.some((ref) => this.#latch.holds(this.#cells.hashOf(ref)));
  }

  /** Views of all the keys, or undefined if they are not all there at once. */
  #viewAll(refs: readonly KeyRef[], wallMs: number, touch: boolean): KeyView[] | undefined {
    if (this.#cells.isPinned) return undefined;
    const key = this.#key;
    const views: KeyView[] = [];
    for (const ref of refs) {
      const later = this.#find(ref, touch);
      if (later === undefined && this.#isFree(key.hash)) {
        views.push(key.view(wallMs, this.#engine.isResident !== true));
        continue;
      }
      later?.catch(() => undefined); // whoever reads it next is told
      return undefined;
    }
    return views;
  }

  /** Runs a step on the key at hand. */
  #updateAtHand<R>(wallMs: number, step: (view: KeyView) => Effect<R>): Awaitable<R> {
    const key = this.#key;
    const { reply, change, replyAfter } = step(key.view(wallMs, false));
    if (change === undefined) return reply;
    let own = ownReply(reply);
    const written =
      replyAfter === undefined
        ? key.change(change, wallMs)
        : key.changeDecoded(change, wallMs, (stored) => {
            own = replyAfter(stored);
          });
    return written instanceof Promise ? written.then(() => own) : own;
  }

  /** All or none. Requires: an engine that answers at once, and changes of one kind. */
  #changeAll(refs: readonly KeyRef[], changes: readonly (Change | undefined)[], wallMs: number): void {
    const key = this.#key;
    const undo = this.#undo;
    let done = 0;
    try {
      for (; done < refs.length; done++) {
        const change = changes[done];
        if (change === undefined) continue;
        void this.#find(refs[done]!, false);
        key.save(undo);
        void key.change(change, wallMs);
      }
    } catch (cause) {
      for (let i = done; i >= 0; i--) {
        if (changes[i] === undefined) continue;
        void this.#find(refs[i]!, false);
        key.restore(undo);
      }
      throw cause;
    } finally {
      undo.clear();
    }
  }

  #changeAllDecoded(
    refs: readonly KeyRef[],
    views: readonly KeyView[],
    changes: readonly (Change | undefined)[],
    wallMs: number,
  ): void {
    const cells = views.map(({ cell }) => copyOf(cell));
    const own = changes.map((change) =>
      change !== undefined && "value" in change ? { ...change, value: change.value.slice() } : change,
    );
    void this.#storeAll(this.#changer.writesOf(this.#storedAll(refs), cells, own, wallMs));
  }

  /** As `update`, on the decoded cell; `early` is a promise of it, if it is being read already. */
  #updateLoaded<R>(
    ref: KeyRef,
    wallMs: number,
    step: (view: KeyView) => Effect<R>,
    early: Promise<Cell | undefined> | undefined,
  ): Awaitable<R> {
    const deed: Deed<Cell | undefined, R> = {
      load: ([stored]) => this.#cells.load(stored!, true),
      apply: (cell, [stored]) => {
        const own = copyOf(cell);
        const { reply, change, replyAfter } = step(viewOf(own, wallMs));
        if (change === undefined) return reply;
        const changed = this.#changer.changed(own, change, wallMs);
        const write = this.#cells.store(stored!, changed, own, change.kind === "expire");
        return whenReady(write, () => replyAfter?.(changed) ?? reply);
      },
    };
    return this.#exclusively([ref], deed, early);
  }

  /** Runs a transaction on an engine that answers at once. */
  #transactAtOnce<R>(refs: readonly KeyRef[], body: (within: Within) => Awaitable<R>): Awaitable<R> {
    const result = body((part) => {
      this.#isInside = true;
      try {
        return part();
      } finally {
        this.#isInside = false;
      }
    });
    // It may go on after an await: nobody has come between so far, and now nobody can.
    if (!(result instanceof Promise)) return result;
    return this.#latch.run(this.#hashesOf(this.#storedAll(refs)), () => result);
  }

  /** Runs a deed with nothing else in between: at once if what it loads is at hand, else under the latch. */
  #exclusively<C, R>(refs: readonly KeyRef[], deed: Deed<C, R>, given?: Promise<C>): Awaitable<R> {
    const stored = this.#storedAll(refs);
    const load = (): Awaitable<C> => given ?? deed.load(stored);
    const apply = (loaded: C): Awaitable<R> => deed.apply(loaded, stored);
    if (this.#isInside || this.#cells.isPinned) return whenReady(load(), apply); // its transaction holds the latch
    const isHeld = given === undefined && this.#areHeld(stored);
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

/** A reply that does not change with the keys: what may be bytes of their views is copied. */
function ownReply<R>(reply: R): R {
  if (reply instanceof Uint8Array) return reply.slice() as R;
  return Array.isArray(reply) ? (reply.map(ownReply) as R) : reply;
}

/**
 * True if the changes can be made one after the other: all puts or all deletions, none with a context, and with no value
 * that is another key's, which may move meanwhile.
 */
function isUniform(views: readonly KeyView[], changes: readonly (Change | undefined)[]): boolean {
  const lent: ArrayBufferLike[] = [];
  for (const { value } of views) {
    if (value !== undefined && !lent.includes(value.buffer)) lent.push(value.buffer);
  }
  let kind: Change["kind"] | undefined;
  for (const change of changes) {
    if (change === undefined) continue;
    if (change.kind !== (kind ?? change.kind)) return false;
    kind = change.kind;
    if (kind !== "put" && kind !== "delete") return false;
    if ("context" in change || ("value" in change && lent.includes(change.value.buffer))) return false;
  }
  return true;
}

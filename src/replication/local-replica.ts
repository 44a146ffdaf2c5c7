/**
 * One node's own copy of the data: reads the present cell, runs a pure step on it, and stores the cell that
 * supersedes it, stamped with a dot and a hybrid time.
 *
 * Invariant: every write gets a dot that was never used before and covers exactly what its step saw.
 * Invariant: between a step's read and its write nothing else touches its keys: there is no await between
 * them, or the latch holds the keys. So too from a transaction's first step to its last: its cells are read
 * under the latch before the first, and its steps follow each other without an await.
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import type { ByteRange } from "../base/bytes.ts";
import type { Cell } from "../causality/cell.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { CellChanger, type SiblingLimits } from "./cell-changer.ts";
import { CellStore, copyOf, type Within } from "./cell-store.ts";
import { ChangesAtOnce, isUniform } from "./changes-at-once.ts";
import type { DatabaseNumbers } from "./database-numbers.ts";
import { type Deed, ExclusiveAccess } from "./exclusive-access.ts";
import { HIT, KeyAtHand, MISS, PEEK_BYTES_MAX, type Peek } from "./key-at-hand.ts";
import { type KeyVisitor, type WalkStep, walkKeys } from "./key-walk.ts";
import { KeysInPlace } from "./keys-in-place.ts";
import { Lookups } from "./lookups.ts";
import { ReceivedCells } from "./received-cells.ts";
import type { Stamper } from "./stamper.ts";
import {
  type Change,
  type Effect,
  type Keep,
  type KeyRef,
  type KeyView,
  type ManyEffect,
  ownReply,
  type ReadOptions,
  type RequestInPlace,
  viewOf,
} from "./step.ts";
import { type Transaction, versionOf, type Watch, WatchBoard } from "./watch-board.ts";

export class LocalReplica {
  readonly lookups = new Lookups();
  readonly #engine: StorageEngine;
  readonly #databases: DatabaseNumbers;
  readonly #changer: CellChanger;
  readonly #cells: CellStore;
  readonly #key: KeyAtHand;
  readonly #access: ExclusiveAccess;
  readonly #changes: ChangesAtOnce;
  readonly #watchBoard = new WatchBoard();
  readonly inPlace: KeysInPlace;
  readonly received: ReceivedCells;

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
    this.#access = new ExclusiveAccess(this.#cells, databases);
    this.#changes = new ChangesAtOnce(this.#key, databases);
    if (engine.usesSuperseded) engine.isInUse = (hash) => this.#access.holds(hash);
    this.inPlace = new KeysInPlace({ engine, key: this.#key, access: this.#access, databases });
    this.received = new ReceivedCells({ ...parts, access: this.#access });
  }

  /** Where the value lies that `peek` has hit, until the next call. */
  get value(): ByteRange {
    return this.#key.value;
  }

  /**
   * Hot: points `value` at the value of the key that is argument number `keyAt`. MISS if there is none; ELSEWHERE if the general
   * way must answer (siblings, a long value). A promise is of the value, where the disk must be touched.
   */
  peek(
    database: number,
    { bytes, words, starts, ends }: RequestInPlace,
    keyAt: number,
    wallMs: number,
    touch = true,
  ): Peek | Promise<Uint8Array | undefined> {
    const key = this.#key;
    key.name(this.#databases.physicalOf(database), bytes, starts[keyAt]!, ends[keyAt]!, words);
    const later = key.find(touch);
    if (later !== undefined) return later.then((cell) => this.lookups.count(viewOf(cell, wallMs)).value);
    const peeked = key.peek(wallMs);
    if (peeked === HIT) this.lookups.hits++;
    else if (peeked === MISS) this.lookups.misses++;
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
    const { bytes, words, starts, ends } = request;
    const [start, end] = [starts[valueAt]!, ends[valueAt]!];
    if (end - start > PEEK_BYTES_MAX) return false;
    const key = this.#key;
    key.name(this.#databases.physicalOf(database), bytes, starts[1]!, ends[1]!, words);
    if (!this.#access.isFree(key.hash)) return false;
    const early = key.find(false);
    if (early !== undefined) {
      const value = bytes.slice(start, end);
      const ref = { database, key: bytes.slice(starts[1], ends[1]) };
      const step = (): Effect<true> => ({ reply: true, change: { kind: "put", value, expiresAtMs } });
      return Promise.resolve(this.#updateLoaded(ref, wallMs, step, early));
    }
    if (!key.isPlain) return false;
    const written = key.overwrite(bytes, start, end, expiresAtMs, wallMs);
    return written instanceof Promise
      ? this.#access.hold(
          key.hash,
          written.then(() => true as const),
        )
      : true;
  }

  /**
   * Hot: adds to the counter that is argument number `keyAt` and answers what it shows then. NaN, with nothing done, if the general
   * way must do it; a promise where the write takes time.
   */
  count(
    database: number,
    { bytes, words, starts, ends }: RequestInPlace,
    keyAt: number,
    by: number,
    wallMs: number,
  ): number | Promise<number> {
    const key = this.#key;
    key.name(this.#databases.physicalOf(database), bytes, starts[keyAt]!, ends[keyAt]!, words);
    if (!this.#access.isFree(key.hash)) return Number.NaN;
    const later = key.find(true);
    if (later !== undefined) {
      later.catch(() => undefined); // the general way, which reads it again, is told
      return Number.NaN;
    }
    const total = key.count(by, wallMs);
    const written = key.takeWritten();
    if (!(written instanceof Promise)) return total;
    const counted = written.then(() => total);
    return this.#access.hold(key.hash, counted);
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
      const effect = (view: KeyView): Effect<R> => ({ reply: step(this.lookups.count(view)) });
      if (later === undefined) return this.#runAtHand(wallMs, effect);
      keep?.();
      return later.then((cell) => step(this.lookups.count(viewOf(cell, wallMs))));
    }
    return whenReady(this.#cells.load(this.#stored(ref), touch), (cell) =>
      step(this.lookups.count(viewOf(cell, wallMs))),
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
      for (const view of views) this.lookups.count(view);
      return step(views);
    }
    return this.#access.run(keep?.() ?? refs, {
      load: (stored) => this.#cells.loadAll(stored, touch),
      apply: (cells) => step(cells.map((cell) => this.lookups.count(viewOf(cell, wallMs)))),
    });
  }

  update<R>(ref: KeyRef, wallMs: number, step: (view: KeyView) => Effect<R>, keep?: Keep): Awaitable<R> {
    const key = this.#key;
    let early: Promise<Cell | undefined> | undefined;
    if (!this.#cells.isPinned) {
      const physical = this.#databases.physicalOf(ref.database);
      key.name(physical, ref.key, 0, ref.key.length);
      if (this.#access.isFree(key.hash)) {
        early = key.find(true);
        if (early === undefined) return this.#runAtHand(wallMs, step);
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
      if (isUniform(views, changes)) this.#changes.make(refs, changes, wallMs);
      else this.#changeAllDecoded(refs, views, changes, wallMs);
      return own;
    }
    return this.#access.run(keep?.() ?? refs, {
      load: (stored) => this.#cells.loadAll(stored, true),
      apply: (cells, stored) => {
        const { reply, changes } = step(cells.map((cell) => viewOf(cell, wallMs)));
        const writes = this.#changer.writesOf(stored, cells, changes, wallMs);
        return whenReady(this.#cells.storeAll(writes), () => reply);
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
   * Runs `body`, whose reads and updates of the transaction's keys answer at once as long as they run `within` it (and
   * in place, as without a transaction, if `isAtHand`: so may shortcuts); others see all of its changes or none.
   * Undefined, without running it, if a watched key has changed.
   */
  transact<R>(
    transaction: Transaction,
    body: (within: Within, isAtHand: boolean) => Awaitable<R>,
  ): Awaitable<R | undefined> {
    const { watches, wallMs } = transaction;
    const all = (): readonly KeyRef[] => [...watches.map(({ ref }) => ref), ...transaction.refs];
    const isUntouched = (cells: readonly (Cell | undefined)[]): boolean =>
      watches.every(({ isWritten, version }, i) => !isWritten && versionOf(cells[i], wallMs) === version);
    if (this.#engine.isResident && this.#access.areFree(all)) {
      const watched = watches.map(({ ref }) => this.#cells.load(this.#stored(ref), false));
      if (!isUntouched(watched as (Cell | undefined)[])) return undefined;
      return this.#access.transact(all, (within) => body(within, true));
    }
    const run = (within: Within): Awaitable<R> => body(within, false);
    return this.#access.run(all(), {
      load: (stored) => this.#cells.loadAll(stored, true),
      apply: (cells, stored) => (isUntouched(cells) ? this.#cells.runPinned(stored, cells, run) : undefined),
    });
  }

  /**
   * Forgets every key of one database, or of all. Takes no time for the rows themselves: a database beside others
   * is given a new number, and its old rows are left to whoever keeps the numbers.
   */
  clear(database?: number): Awaitable<void> {
    if (database === undefined) return this.#databases.keepThrough(() => this.#cells.clear(undefined));
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

  /** Takes up the key and finds it: undefined once it is at hand, or a promise of its cell. */
  #find({ database, key }: KeyRef, touch: boolean): undefined | Promise<Cell | undefined> {
    this.#key.name(this.#databases.physicalOf(database), key, 0, key.length);
    return this.#key.find(touch);
  }

  /** Views of all the keys, or undefined if they are not all there at once. */
  #viewAll(refs: readonly KeyRef[], wallMs: number, touch: boolean): KeyView[] | undefined {
    if (this.#cells.isPinned) return undefined;
    const key = this.#key;
    const isKept = this.#engine.isResident !== true;
    const views: KeyView[] = [];
    for (const ref of refs) {
      const later = this.#find(ref, touch);
      if (later === undefined && this.#access.isFree(key.hash) && !(isKept && key.isLong)) {
        views.push(key.view(wallMs, isKept));
        continue;
      }
      later?.catch(() => undefined); // whoever reads it next is told
      return undefined;
    }
    return views;
  }

  /** Runs a step on the key at hand. */
  #runAtHand<R>(wallMs: number, step: (view: KeyView) => Effect<R>): Awaitable<R> {
    const key = this.#key;
    const view = key.view(wallMs, false);
    const { reply, change, replyAfter } = step(view);
    if (change === undefined) return key.leave(view, wallMs, reply);
    let own = ownReply(reply);
    const written =
      replyAfter === undefined
        ? key.change(change, wallMs)
        : key.changeDecoded(change, wallMs, (stored) => {
            own = replyAfter(stored);
          });
    return written instanceof Promise
      ? this.#access.hold(
          key.hash,
          written.then(() => own),
        )
      : own;
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
    const stored = refs.map((ref) => this.#stored(ref));
    void this.#cells.storeAll(this.#changer.writesOf(stored, cells, own, wallMs));
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
        const changed = this.#changer.changed(own, change, wallMs, stored!.key);
        const write = this.#cells.store(stored!, changed, own, change.kind === "expire");
        return whenReady(write, () => replyAfter?.(changed) ?? reply);
      },
    };
    return this.#access.run([ref], deed, early);
  }
}

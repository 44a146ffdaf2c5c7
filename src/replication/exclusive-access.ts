/**
 * Who may work on which keys. Whoever can do all he has to at once just does it; whoever must wait for the disk holds
 * the latch of his keys meanwhile.
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import type { CellStore } from "./cell-store.ts";
import type { DatabaseNumbers } from "./database-numbers.ts";
import { KeyLatch } from "./key-latch.ts";
import type { KeyRef } from "./step.ts";

/** Something to be done with keys: their databases are given by physical numbers. */
export interface Deed<C, R> {
  load(stored: readonly KeyRef[]): Awaitable<C>;
  apply(loaded: C, stored: readonly KeyRef[]): Awaitable<R>;
}

export class ExclusiveAccess {
  readonly #cells: CellStore;
  readonly #databases: Pick<DatabaseNumbers, "physicalOf">;
  readonly #latch = new KeyLatch();
  /** True while a part of a transaction runs on an engine that answers at once: it holds what it needs. */
  #isInside = false;

  constructor(cells: CellStore, databases: Pick<DatabaseNumbers, "physicalOf">) {
    this.#cells = cells;
    this.#databases = databases;
  }

  /** Hot: true if nobody holds the key of that hash, but for the transaction whose part is being run. */
  isFree(hash: number): boolean {
    return this.#isInside || !this.#latch.holds(hash);
  }

  /** True if somebody holds the key of that hash, a transaction included. */
  holds(hash: number): boolean {
    return this.#latch.holds(hash);
  }

  /** Keeps others off the key of that hash until what is being done to it is done. */
  hold<T>(hash: number, deed: Promise<T>): Promise<T> {
    return this.#latch.run([hash], () => deed);
  }

  /** The number by which a database is stored. Hot. */
  physicalOf(database: number): number {
    return this.#databases.physicalOf(database);
  }

  /** The key as it is stored. Hot. */
  storedRef(ref: KeyRef): KeyRef {
    const database = this.physicalOf(ref.database);
    return database === ref.database ? ref : { database, key: ref.key };
  }

  /** True if nobody holds any key. */
  get isIdle(): boolean {
    return this.#latch.isIdle && !this.#isInside;
  }

  /** As `isFree`, of all the keys, which are asked for only if that takes them. */
  areFree(refs: () => readonly KeyRef[]): boolean {
    return this.#latch.isIdle || !this.#areHeld(this.#storedAll(refs()));
  }

  /** Runs a deed with nothing else in between: at once if what it loads is at hand, else under the latch. */
  run<C, R>(refs: readonly KeyRef[], deed: Deed<C, R>, given?: Promise<C>): Awaitable<R> {
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
    return done === undefined ? this.run(refs, deed) : done.result;
  }

  #hashesOf(refs: readonly KeyRef[]): number[] {
    return refs.map((ref) => this.#cells.hashOf(ref));
  }

  /**
   * Runs a transaction whose keys are free, on an engine that answers at once; `body` is given what its parts are to
   * run within.
   */
  transact<R>(
    refs: () => readonly KeyRef[],
    body: (within: <T>(part: () => T) => T) => Awaitable<R>,
  ): Awaitable<R> {
    const result = body((part) => this.#runInside(part));
    // It may go on after an await: nobody has come between so far, and now nobody can.
    if (!(result instanceof Promise)) return result;
    return this.#latch.run(this.#hashesOf(this.#storedAll(refs())), () => result);
  }

  #runInside<T>(part: () => T): T {
    this.#isInside = true;
    try {
      return part();
    } finally {
      this.#isInside = false;
    }
  }

  #areHeld(stored: readonly KeyRef[]): boolean {
    return stored.some((ref) => this.#latch.holds(this.#cells.hashOf(ref)));
  }

  #storedAll(refs: readonly KeyRef[]): readonly KeyRef[] {
    return refs.map((ref) => this.storedRef(ref));
  }
}

/** The iterators of a store. Each sees the store as it was when it was made, or as its snapshot says. */
import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from "abstract-level";
import type { RowWalk } from "./row-walk.ts";
import type { Stored } from "./stored-value.ts";

/** What an iterator needs to go; `close` lets go of the moment if that is the iterator's own. */
export interface Walking {
  readonly walk: RowWalk;
  close(): void;
}

/** Of both kinds of options, as abstract-level passes them. */
export interface EntryOptions {
  readonly keys: boolean;
  readonly values: boolean;
}

type Entry = [Stored | undefined, Stored | undefined];
type Next<T> = T | undefined | Promise<T | undefined>;

export class EntryIterator<Db, K, V> extends AbstractIterator<Db, K, V> {
  readonly #walking: Walking;
  readonly #take: () => Entry;

  constructor(db: Db, options: EntryOptions, walking: Walking) {
    super(db, options);
    const { walk } = walking;
    const { keys, values } = options;
    this.#walking = walking;
    this.#take = () => [keys ? walk.key() : undefined, values ? walk.value() : undefined];
  }

  _next(): Next<Entry> {
    return takeNext(this.#walking.walk, this.#take);
  }

  _nextv(size: number): Entry[] | Promise<Entry[]> {
    return this.#walking.walk.gather(size, this.#take);
  }

  _seek(target: Stored): void {
    this.#walking.walk.seek(target);
  }

  async _close(): Promise<void> {
    this.#walking.close();
  }
}

export class KeyIterator<Db, K> extends AbstractKeyIterator<Db, K> {
  readonly #walking: Walking;
  readonly #take: () => Stored;

  constructor(db: Db, options: object, walking: Walking) {
    super(db, options);
    this.#walking = walking;
    this.#take = () => walking.walk.key();
  }

  _next(): Next<Stored> {
    return takeNext(this.#walking.walk, this.#take);
  }

  _nextv(size: number): Stored[] | Promise<Stored[]> {
    return this.#walking.walk.gather(size, this.#take);
  }

  _seek(target: Stored): void {
    this.#walking.walk.seek(target);
  }

  async _close(): Promise<void> {
    this.#walking.close();
  }
}

export class ValueIterator<Db, K, V> extends AbstractValueIterator<Db, K, V> {
  readonly #walking: Walking;
  readonly #take: () => Stored;

  constructor(db: Db, options: object, walking: Walking) {
    super(db, options);
    this.#walking = walking;
    this.#take = () => walking.walk.value();
  }

  _next(): Next<Stored> {
    return takeNext(this.#walking.walk, this.#take);
  }

  _nextv(size: number): Stored[] | Promise<Stored[]> {
    return this.#walking.walk.gather(size, this.#take);
  }

  _seek(target: Stored): void {
    this.#walking.walk.seek(target);
  }

  async _close(): Promise<void> {
    this.#walking.close();
  }
}

function takeNext<T>(walk: RowWalk, take: () => T): Next<T> {
  const moved = walk.next();
  if (typeof moved === "boolean") return moved ? take() : undefined;
  return moved.then((isThere) => (isThere ? take() : undefined));
}

/**
 * An embedded store: Kvorum's disk engine alone in a program, as a database of the Level ecosystem (abstract-level 3).
 *
 *   put, del, batch    appended to the commit log and the memtable in one turn; a batch is part of one batch of the log
 *   get, getSync       memtable, then tables; a promise is made only where the disk is read
 *   iterators          the rows of one moment
 *
 * The methods that begin with _ are what AbstractLevel asks of its subclasses: it has checked and encoded what it passes,
 * and awaits what they return.
 */
import { type AbstractBatchOperation, type AbstractChainedBatch, AbstractLevel } from "abstract-level";
import { type Awaitable, allReady } from "../base/awaitable.ts";
import { createNodejsRuntime } from "../runtime/nodejs/nodejs-runtime.ts";
import { isWholeRange, keyRangeOf, type RangeBounds } from "./key-range.ts";
import { type OpenedStore, openDirectory, type StoreRuntime } from "./open-store.ts";
import { RowWalk, type WalkOptions } from "./row-walk.ts";
import {
  EntryIterator,
  type EntryOptions,
  KeyIterator,
  ValueIterator,
  type Walking,
} from "./store-iterators.ts";
import type {
  StoreBatchOptions,
  StoreDelOptions,
  StoreOpenOptions,
  StoreOptions,
  StorePutOptions,
  WriteOptions,
} from "./store-options.ts";
import { type RowLookup, StoreReader } from "./store-reader.ts";
import { StoreSnapshot } from "./store-snapshot.ts";
import { type Operation, StoreWriter, type Written } from "./store-writer.ts";
import type { Format, Stored } from "./stored-value.ts";

const MANIFEST = {
  encodings: { buffer: true, utf8: true, view: true },
  has: true,
  getSync: true,
  createIfMissing: true,
  errorIfExists: true,
  explicitSnapshots: true,
};

interface ReadOptions {
  readonly keyEncoding: Format;
  readonly valueEncoding: Format;
  readonly snapshot?: StoreSnapshot;
}

interface ClearOptions extends RangeBounds {
  readonly reverse: boolean;
  readonly limit: number;
  readonly snapshot?: StoreSnapshot;
}

/** What there is while the database is open. */
interface OpenParts {
  readonly store: OpenedStore;
  readonly reader: StoreReader;
  readonly writer: StoreWriter;
}

/** What the types of AbstractLevel do not tell: the options that only this database has. */
export interface KvorumLevel<KDefault, VDefault> {
  open(options?: StoreOpenOptions): Promise<void>;
  put(key: KDefault, value: VDefault): Promise<void>;
  put<K = KDefault, V = VDefault>(key: K, value: V, options: StorePutOptions<K, V>): Promise<void>;
  del(key: KDefault): Promise<void>;
  del<K = KDefault>(key: K, options: StoreDelOptions<K>): Promise<void>;
  batch(operations: AbstractBatchOperation<this, KDefault, VDefault>[]): Promise<void>;
  batch<K = KDefault, V = VDefault>(
    operations: AbstractBatchOperation<this, K, V>[],
    options: StoreBatchOptions<K, V>,
  ): Promise<void>;
  batch(): AbstractChainedBatch<this, KDefault, VDefault>;
}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class KvorumLevel<KDefault = string, VDefault = string> extends AbstractLevel<
  string | Buffer | Uint8Array,
  KDefault,
  VDefault
> {
  readonly location: string;
  readonly #createRuntime: () => StoreRuntime;
  #open: OpenParts | undefined;

  /**
   * Opens `location`, a directory, by itself: operations wait for that, but for `getSync`. `createRuntime` is for tests.
   */
  constructor(
    location: string,
    options: StoreOptions<KDefault, VDefault> = {},
    createRuntime: () => StoreRuntime = createNodejsRuntime,
  ) {
    if (typeof location !== "string" || location === "") {
      throw new TypeError("location must be the path of a directory");
    }
    super(MANIFEST, options);
    this.location = location;
    this.#createRuntime = createRuntime;
  }

  async _open(options: StoreOpenOptions): Promise<void> {
    const store = await openDirectory(this.#createRuntime(), this.location, options);
    this.#open = { store, reader: new StoreReader(store.hashSeed), writer: new StoreWriter(store) };
  }

  async _close(): Promise<void> {
    const { store, reader } = this.#parts();
    await reader.settled();
    await store.close();
    this.#open = undefined;
  }

  _put(key: Stored, value: Stored, options: WriteOptions): Written {
    return this.#parts().writer.put(key, value, options.sync === true);
  }

  _del(key: Stored, options: WriteOptions): Written {
    return this.#parts().writer.del(key, options.sync === true);
  }

  _batch(operations: readonly Operation[], options: WriteOptions): Written {
    return this.#parts().writer.batch(operations, options.sync === true);
  }

  async _clear(options: ClearOptions): Promise<void> {
    const { store, writer } = this.#parts();
    const { reverse, limit, snapshot } = options;
    if (isWholeRange(options) && limit < 0 && snapshot === undefined) return store.engine.clear();
    const moment = snapshot?.moment ?? store.engine.plain.moment();
    try {
      await writer.clear(moment, keyRangeOf(options), reverse, limit);
    } finally {
      if (snapshot === undefined) moment.close();
    }
  }

  _get(key: Stored, options: ReadOptions): Awaitable<Stored | undefined> {
    return this.#parts().reader.get(this.#rows(options), key, options.valueEncoding);
  }

  _getSync(key: Stored, options: ReadOptions): Stored | undefined {
    const { reader } = this.#parts();
    return reader.getSync(this.#rows(options), key, options.valueEncoding);
  }

  _getMany(keys: readonly Stored[], options: ReadOptions): Awaitable<readonly (Stored | undefined)[]> {
    const { reader } = this.#parts();
    const rows = this.#rows(options);
    return allReady(keys.map((key) => reader.get(rows, key, options.valueEncoding)));
  }

  _has(key: Stored, options: ReadOptions): Awaitable<boolean> {
    return this.#parts().reader.has(this.#rows(options), key);
  }

  _hasMany(keys: readonly Stored[], options: ReadOptions): Awaitable<readonly boolean[]> {
    const { reader } = this.#parts();
    const rows = this.#rows(options);
    return allReady(keys.map((key) => reader.has(rows, key)));
  }

  _iterator(options: WalkOptions & EntryOptions & ReadOptions): object {
    return new EntryIterator(this, options, this.#walking(options));
  }

  _keys(options: WalkOptions & ReadOptions): object {
    return new KeyIterator(this, options, this.#walking(options));
  }

  _values(options: WalkOptions & ReadOptions): object {
    return new ValueIterator(this, options, this.#walking(options));
  }

  _snapshot(options: object): StoreSnapshot {
    return new StoreSnapshot(options, this.#parts().store.engine.plain.moment());
  }

  #walking(options: WalkOptions & ReadOptions): Walking {
    const { snapshot } = options;
    if (snapshot !== undefined) {
      const walk = new RowWalk(snapshot.moment, options);
      return { walk, close: () => walk.close() };
    }
    const moment = this.#parts().store.engine.plain.moment();
    const walk = new RowWalk(moment, options);
    const close = (): void => {
      walk.close();
      moment.close();
    };
    return { walk, close };
  }

  #rows({ snapshot }: ReadOptions): RowLookup {
    return snapshot?.moment ?? this.#parts().store.engine.plain;
  }

  #parts(): OpenParts {
    if (this.#open === undefined) throw new TypeError("the database is not open");
    return this.#open;
  }
}

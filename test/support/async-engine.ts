/**
 * An engine that answers as one with a disk may: sometimes at once, sometimes later, and never with bytes that
 * stay valid longer than promised: the next call overwrites them.
 */
import type { ByteRange } from "../../src/base/bytes.ts";
import type { Clock, Random } from "../../src/runtime/runtime.ts";
import { RowKey } from "../../src/storage/row-key.ts";
import type { RowCounts, RowIterator, StorageEngine } from "../../src/storage/storage-engine.ts";

const TURNS_MAX = 4;
const RUBBISH = 0xee;

export interface Slowness {
  readonly clock: Pick<Clock, "defer">;
  readonly random: Pick<Random, "below">;
  /** Of ten calls, how many are answered later. */
  readonly slowInTen: number;
  /** It has `getSync`; only `get` is slow then. */
  readonly isSteady?: boolean;
}

export class AsyncEngine implements StorageEngine {
  getSync?: (key: RowKey, into: ByteRange) => boolean;
  readonly #inner: StorageEngine;
  readonly #slowness: Slowness;
  #lent = new Uint8Array(0);

  constructor(inner: StorageEngine, slowness: Slowness) {
    this.#inner = inner;
    this.#slowness = slowness;
    if (slowness.isSteady === true) this.getSync = (key, into) => this.#lend(this.#read(key, false), into);
  }

  get statistics(): StorageEngine["statistics"] {
    return this.#inner.statistics;
  }

  get(key: RowKey, into: ByteRange, touch?: boolean): boolean | Promise<boolean> {
    if (!this.#isSlow()) return this.#lend(this.#read(key, touch), into);
    if (this.#slowness.random.below(2) === 0) {
      const early = this.#read(key, touch);
      return this.#later(() => this.#lend(early, into));
    }
    const wanted = new RowKey(key.seed);
    wanted.load(key.bytes, 0, key.length);
    return this.#later(() => this.#lend(this.#read(wanted, touch), into));
  }

  put(key: RowKey, cell: ByteRange, superseded?: ByteRange, insists?: boolean): void | Promise<void> {
    this.#spoil();
    const written = this.#inner.put(key, cell, superseded, insists);
    return this.getSync === undefined && this.#isSlow() ? this.#later(() => written) : written;
  }

  merge(key: RowKey, cell: ByteRange): void | Promise<void> {
    this.#spoil();
    return this.#inner.merge(key, cell);
  }

  durable(): Promise<void> | undefined {
    return this.#inner.durable();
  }

  scan(from: Uint8Array, to: Uint8Array | undefined): RowIterator {
    const inner = this.#inner.scan(from, to);
    return {
      key: inner.key,
      cell: inner.cell,
      next: () => (this.#isSlow() ? this.#later(() => inner.next()) : inner.next()),
      close: () => inner.close(),
    };
  }

  counts(database: number): RowCounts {
    return this.#inner.counts(database);
  }

  slotCount(slot: number, database: number): number {
    return this.#inner.slotCount(slot, database);
  }

  clear(database?: number): void | Promise<void> {
    this.#spoil();
    const cleared = this.#inner.clear(database);
    return this.#isSlow() ? this.#later(() => cleared) : cleared;
  }

  dropExpired(wallMs: number, rowsMax: number): ReturnType<StorageEngine["dropExpired"]> {
    return this.#inner.dropExpired(wallMs, rowsMax);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #read(key: RowKey, touch: boolean | undefined): Uint8Array<ArrayBuffer> | undefined {
    const range: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
    this.#spoil();
    const found = this.#inner.get(key, range, touch) === true;
    return found ? range.bytes.slice(range.start, range.end) : undefined;
  }

  #lend(cell: Uint8Array<ArrayBuffer> | undefined, into: ByteRange): boolean {
    this.#spoil();
    if (cell === undefined) return false;
    this.#lent = cell;
    into.bytes = cell;
    into.start = 0;
    into.end = cell.length;
    return true;
  }

  /** What was given before is no longer valid. */
  #spoil(): void {
    this.#lent.fill(RUBBISH);
  }

  #isSlow(): boolean {
    return this.#slowness.random.below(10) < this.#slowness.slowInTen;
  }

  #later<T>(answer: () => T | Promise<T>): Promise<T> {
    let turns = 1 + this.#slowness.random.below(TURNS_MAX);
    return new Promise((resolve) => {
      const turn = (): void => {
        if (--turns > 0) this.#slowness.clock.defer(turn);
        else resolve(answer());
      };
      this.#slowness.clock.defer(turn);
    });
  }
}

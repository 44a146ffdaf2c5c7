/**
 * What a node asks of its storage: rows in row-key order, one cell each. Storage moves bytes; what a cell
 * means (merging, expiry, whether it may be forgotten) is told by the injected CellRules.
 *
 * Every engine passes storage-engine.contract.ts. Hot: `get` and `put` that need no disk allocate nothing
 * and return synchronously; a Promise means the disk is being touched.
 */
import type { ByteRange } from "../base/bytes.ts";
import type { MerkleSummary } from "./lsm/table/merkle-summary.ts";
import type { RowKey } from "./row-key.ts";

/** No expiry, as `expiresAtMs` shows it. */
export const NEVER_EXPIRES = 0;

/** What storage must know of the cells it keeps. Pure. */
export interface CellRules {
  /**
   * The cell that holds what either holds. Commutative, associative, idempotent. May return one of its arguments. `key`: whose
   * cell is to become that; undefined if nobody's is.
   */
  merge(existing: Uint8Array, incoming: Uint8Array, key?: RowKey): Uint8Array;
  /** Wall time at which the whole cell has expired, or NEVER_EXPIRES. */
  expiresAtMs(cell: ByteRange): number;
  /** True if a cell without live content (deleted, expired) may be forgotten altogether. */
  isCollectible(cell: ByteRange, wallMs: number): boolean;
  /**
   * Of a cell that has expired and is not collectible: what is left of it, as a new cell that does not expire and need not
   * be counted. Where there is no such rule it stays as it is.
   */
  remainsOf?(cell: ByteRange): Uint8Array;
}

export interface StorageEngine {
  readonly statistics: EngineStatistics;
  /** True if `put` wants to be told what it supersedes: then it must be. */
  readonly usesSuperseded?: boolean;
  /** True if no call returns a promise but `close`, and what `get` gives is valid until the next write. */
  readonly isResident?: boolean;
  /**
   * Whoever reads rows and puts them later says so of their keys' hashes, where an engine has this: what such a
   * put supersedes must not be dropped meanwhile.
   */
  isInUse?: ((rowKeyHash: number) => boolean) | undefined;

  /**
   * Points `into` at the row's cell and is true, or is false if there is none. Cells past their expiry are
   * still returned until dropped: the reader judges. The range is the engine's: valid until the next call.
   * A read counts as a use for eviction unless `touch` is false.
   */
  get(key: RowKey, into: ByteRange, touch?: boolean): boolean | Promise<boolean>;

  /**
   * Where there is such a method: as `get`, at once, for a row that `get` has answered at once since something was
   * awaited. `put` answers at once for it then, too, unless somebody else uses it (`isInUse`). So many rows can be
   * looked at first, and worked on with nothing in between. The cell is valid until the next call.
   */
  getSync?(key: RowKey, into: ByteRange): boolean;

  /**
   * Replaces the row's cell (the caller has read and superseded it), or drops the row at once if the cell
   * is collectible. Visible when it returns. Key and cell are copied before it returns, promise or not.
   * Throws StoreError OUT_OF_MEMORY (nothing changed) past the memory limit when nothing can be evicted, unless it
   * `insists`: for writes that leave the data about as large as it was, such as a new expiry. `superseded` is the
   * row's present cell, as `get` gave it or encoded again; undefined if there is none. An engine that sums up its rows
   * takes it out of the sums: so nobody else may have put the row since it was read.
   */
  put(key: RowKey, cell: ByteRange, superseded?: ByteRange, insists?: boolean): void | Promise<void>;

  /**
   * Where there is such a method: makes room for `rowCount` rows whose keys and cells are of `bytes` in all, so that
   * puts of them that follow with nothing in between all succeed. Throws StoreError with nothing changed.
   */
  reserve?(rowCount: number, bytes: number): void;

  /**
   * Where there is such a method, the cell that `get` has just pointed at may be changed in place, its length and
   * expiry kept: this does it for its last bytes, and counts as a put. Requires: no other call since that `get`.
   */
  rewriteEnd?(end: ByteRange): void;

  /** Merges a cell from elsewhere into the row by CellRules.merge. Else as `put`. */
  merge(key: RowKey, cell: ByteRange): void | Promise<void>;

  /**
   * Where there is such a method: drops the row at once if it has expired and is collectible, and it can be done.
   * Counts as `dropExpired`. False if nothing was done: then what `get` has just pointed at is still valid.
   */
  dropIfExpired?(key: RowKey, wallMs: number): boolean;

  /** Where there is such a method: true of a row that may go with nobody asking, so that its absence says nothing. */
  mayEvict?(key: RowKey): boolean;

  /**
   * Undefined if everything put so far is already as durable as the settings promise; otherwise a promise
   * of that. One wait covers any number of puts (group commit).
   */
  durable(): Promise<void> | undefined;

  /**
   * Rows with `from` <= row key < `to` (no end if undefined), in row-key order. A row that is there from
   * the first step to the last is seen exactly once; rows written meanwhile may be seen or not.
   */
  scan(from: Uint8Array, to: Uint8Array | undefined): RowIterator;

  /** Live and not yet dropped rows of one database, and how many of them expire. */
  counts(database: number): RowCounts;

  /** Rows of one slot in one database, as `counts`. */
  slotCount(slot: number, database: number): number;

  /** Where there is such a method: Merkle sums of the slots `from` <= slot < `to`, as a full scan would give them. */
  merkleSummary?(from: number, to: number): MerkleSummary;

  /** Forgets every row of one database, or of all. Nothing is kept of them: not for replicated data. */
  clear(database?: number): void | Promise<void>;

  /**
   * Drops collectible rows past their expiry, and of others leaves what remains of them; looks at no more than about
   * `rowsMax`. Returns how many went.
   */
  dropExpired(wallMs: number, rowsMax: number): number | Promise<number>;

  /** Finishes what was begun and lets go of files and memory. No other call may follow. */
  close(): Promise<void>;
}

export interface RowCounts {
  rows: number;
  expiring: number;
}

export interface RowIterator {
  /** Row key and cell of the current row, the same two ranges for all rows; the bytes are the engine's, valid until the next call of `next` or any write. */
  readonly key: ByteRange;
  readonly cell: ByteRange;
  /** Moves to the next row; false at the end. */
  next(): boolean | Promise<boolean>;
  /** Lets go of what the iterator pins. Idempotent. */
  close(): void;
}

/** Counters since the start; gauges now. Sizes in bytes. */
export interface EngineStatistics {
  /** Memory that the engine holds for rows and their index. */
  readonly memoryBytes: number;
  /** The part of it that rows use: the rest is free space inside pages and tables. */
  readonly liveBytes: number;
  readonly expiredRows: number;
  readonly evictedRows: number;
}

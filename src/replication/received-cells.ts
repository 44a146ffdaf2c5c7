/**
 * What other nodes know of keys, merged into this node's copy, and this node's copy as they are sent it. Nothing here
 * is stamped: a cell keeps the version that its writer gave it.
 *
 * Invariant: a merge never comes between another's read of the key and its write.
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import { pooledCopy } from "../base/byte-pool.ts";
import { type ByteRange, equalBytes } from "../base/bytes.ts";
import {
  compactLogical,
  compactSupersedes,
  compactWallMs,
  isCompact,
  isSoundCompact,
} from "../causality/compact-cell.ts";
import { cellNewestTime, NOTHING_KNOWN } from "../causality/encoded-cell.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { ExclusiveAccess } from "./exclusive-access.ts";
import type { Stamper } from "./stamper.ts";
import type { KeyRef } from "./step.ts";
import type { WatchBoard } from "./watch-board.ts";

export interface ReceivedCellsParts {
  readonly engine: StorageEngine;
  readonly stamper: Stamper;
  readonly watchBoard: WatchBoard;
  readonly access: ExclusiveAccess;
  readonly hashSeed: number;
}

export class ReceivedCells {
  readonly #parts: ReceivedCellsParts;
  readonly #rowKey: RowKey;
  #present: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #cell: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #time = { wallMs: 0, logical: 0 };

  constructor(parts: ReceivedCellsParts) {
    this.#parts = parts;
    this.#rowKey = new RowKey(parts.hashSeed);
  }

  /** The key's cell, encoded, as the caller's own; undefined if nothing is known of it. */
  load(ref: KeyRef): Awaitable<Uint8Array | undefined> {
    const { engine, access } = this.#parts;
    const rowKey = this.#named(access.storedRef(ref));
    if (!access.isFree(rowKey.hash)) return this.#loadLatched(ref);
    const range: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
    const found = engine.get(rowKey, range, false);
    return found instanceof Promise ? found.then((isThere) => copyOf(isThere, range)) : copyOf(found, range);
  }

  #loadLatched(ref: KeyRef): Awaitable<Uint8Array | undefined> {
    return this.#parts.access.run([ref], {
      load: ([stored]) => {
        const range: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
        const found = this.#parts.engine.get(this.#named(stored!), range, false);
        return whenReady(found, (isThere) => copyOf(isThere, range));
      },
      apply: (cell) => cell,
    });
  }

  /**
   * Merges an encoded cell. Visible when it is done; see `StorageEngine.durable` for more. Throws StoreError, with
   * nothing done: CORRUPTION if it is no cell, CLOCK_SKEW if it was written too far in the future.
   */
  merge(ref: KeyRef, cell: Uint8Array, wallMs: number): Awaitable<void> {
    const { engine, access, stamper, watchBoard } = this.#parts;
    const range = { bytes: cell, start: 0, end: cell.length };
    // It looks at all of the cell, and merging at little of it: what is damaged must not get into the store.
    stamper.observe(cellNewestTime(cell), wallMs);
    const rowKey = this.#named(access.storedRef(ref));
    const { hash } = rowKey;
    if (access.isFree(hash)) {
      watchBoard.noteWrite(hash);
      const merged = engine.merge(rowKey, range);
      return merged instanceof Promise ? access.hold(hash, merged) : undefined;
    }
    return access.run([ref], {
      load: () => undefined,
      apply: (_, [stored]) => {
        const named = this.#named(stored!);
        watchBoard.noteWrite(named.hash);
        return engine.merge(named, range);
      },
    });
  }

  /**
   * Hot: as `merge`, where key and cell lie in a message, the cell from `cellStart` on, and it takes no time. False, with
   * nothing done, where it may, or where the cell does not simply supersede what is there. Allocates nothing.
   */
  mergeAtOnce(
    database: number,
    { bytes, start, end }: ByteRange,
    cellStart: number,
    wallMs: number,
  ): Awaitable<boolean> {
    const { engine, access, stamper, watchBoard } = this.#parts;
    if (!isCompact(bytes, cellStart, end) || !isSoundCompact(bytes, cellStart, end)) return false;
    const present = this.find(database, bytes, start, cellStart);
    if (present === undefined) return false;
    const isThere = present.end > present.start;
    if (isThere && !isCompact(present.bytes, present.start, present.end)) return false;
    if (isThere && !compactSupersedes(bytes, cellStart, present.bytes, present.start)) return false;
    const { hash } = this.#rowKey;
    const [time, cell] = [this.#time, this.#cell];
    time.wallMs = compactWallMs(bytes, cellStart);
    time.logical = compactLogical(bytes, cellStart);
    stamper.observe(time, wallMs);
    watchBoard.noteWrite(hash);
    cell.bytes = bytes;
    cell.start = cellStart;
    cell.end = end;
    const written = engine.put(this.#rowKey, cell, isThere ? present : undefined);
    return written instanceof Promise ? access.hold(hash, written.then(isDone)) : true;
  }

  /**
   * Hot: the key's cell where it lies, until the next call of anything; empty if there is none. Undefined if somebody
   * holds the key, or the disk must be waited for.
   */
  find(database: number, bytes: Uint8Array, start: number, end: number): ByteRange | undefined {
    const { engine, access } = this.#parts;
    const rowKey = this.#rowKey;
    rowKey.encode(access.physicalOf(database), bytes, start, end);
    if (!access.isFree(rowKey.hash)) return undefined;
    const present = this.#present;
    const found = engine.get(rowKey, present, false);
    if (found instanceof Promise) {
      this.#present = { bytes: NO_BYTES, start: 0, end: 0 }; // the other is the promise's
      found.catch(() => undefined); // whoever reads it next is told
      return undefined;
    }
    if (!found) present.end = present.start;
    return present;
  }

  /** Drops the row altogether if its cell still is that one. False, with nothing done, if it is another. */
  forget(ref: KeyRef, cell: Uint8Array): Awaitable<boolean> {
    const { engine, access } = this.#parts;
    return access.run([ref], {
      load: ([stored]) => {
        const range: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
        return whenReady(engine.get(this.#named(stored!), range, false), (isThere) => copyOf(isThere, range));
      },
      apply: (present, [stored]) => {
        if (present === undefined) return true;
        if (!equalBytes(present, cell)) return false;
        const nothing = { bytes: NOTHING_KNOWN, start: 0, end: NOTHING_KNOWN.length };
        const superseded = { bytes: cell, start: 0, end: cell.length };
        return whenReady(engine.put(this.#named(stored!), nothing, superseded), () => true);
      },
    });
  }

  #named({ database, key }: KeyRef): RowKey {
    this.#rowKey.encode(database, key, 0, key.length);
    return this.#rowKey;
  }
}

const NO_BYTES = new Uint8Array(0);

function isDone(): boolean {
  return true;
}

function copyOf(isThere: boolean, { bytes, start, end }: ByteRange): Uint8Array | undefined {
  return isThere ? pooledCopy(bytes, start, end) : undefined;
}

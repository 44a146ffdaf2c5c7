/**
 * What other nodes know of keys, merged into this node's copy, and this node's copy as they are sent it. Nothing here
 * is stamped: a cell keeps the version that its writer gave it.
 *
 * Invariant: a merge never comes between another's read of the key and its write.
 *
 * Of rows that are not here it may be known that their deletions were forgotten by all (`SeenRows`): what comes late of such
 * a row does not bring it back. Of rows that may be evicted it never is: those may just have gone.
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import { pooledCopy } from "../base/byte-pool.ts";
import { type ByteRange, equalBytes } from "../base/bytes.ts";
import { actorBytes } from "../causality/actor.ts";
import { decodeCell, encodeCell } from "../causality/cell-codec.ts";
import { newsOf } from "../causality/cell-news.ts";
import {
  compactCounter,
  compactLogical,
  compactSupersedes,
  compactWallMs,
  isCompact,
  isCompactBy,
  isSoundCompact,
} from "../causality/compact-cell.ts";
import { cellNewestTime, NOTHING_KNOWN } from "../causality/encoded-cell.ts";
import { covers, descends, type VersionVector } from "../causality/version-vector.ts";
import { RowKey, slotOfRow } from "../storage/row-key.ts";
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

/** What this node has seen of each slot: only writes that are in its rows, or over. */
export interface SeenRows {
  /** Covers what `of` of any slot covers. */
  readonly highest: VersionVector;
  of(slot: number): VersionVector;
}

/** "gone": all that the cell says was forgotten here, and nothing was done. */
export type MergeEnd = "gone" | undefined;

export class ReceivedCells {
  /** Where this is known. */
  seen: SeenRows | undefined = undefined;
  readonly #parts: ReceivedCellsParts;
  readonly #rowKey: RowKey;
  #present: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #cell: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #time = { wallMs: 0, logical: 0 };
  #actorsOf: VersionVector | undefined = undefined;
  #actors: readonly Uint8Array[] = [];

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
   * nothing done: CORRUPTION if it is no cell.
   */
  merge(ref: KeyRef, cell: Uint8Array, wallMs: number): Awaitable<MergeEnd> {
    const { engine, access, stamper, watchBoard } = this.#parts;
    const range = { bytes: cell, start: 0, end: cell.length };
    // It looks at all of the cell, and merging at little of it: what is damaged must not get into the store.
    stamper.follow(cellNewestTime(cell), wallMs);
    if (this.#mayBeOld(cell, 0, cell.length)) return this.#mergeNews(ref, cell);
    const rowKey = this.#named(access.storedRef(ref));
    const { hash } = rowKey;
    if (access.isFree(hash)) {
      watchBoard.noteWrite(hash);
      const merged = engine.merge(rowKey, range);
      return merged instanceof Promise ? access.hold(hash, merged.then(nothing)) : undefined;
    }
    return access.run([ref], {
      load: () => undefined,
      apply: (_, [stored]) => {
        const named = this.#named(stored!);
        watchBoard.noteWrite(named.hash);
        return whenReady(engine.merge(named, range), nothing);
      },
    });
  }

  /** Merges what is news of a cell that may be of long ago. */
  #mergeNews(ref: KeyRef, cell: Uint8Array): Awaitable<MergeEnd> {
    const { engine, access, watchBoard } = this.#parts;
    return access.run([ref], {
      load: ([stored]) => {
        const range: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
        return whenReady(engine.get(this.#named(stored!), range, false), (isThere) => copyOf(isThere, range));
      },
      apply: (present, [stored]) => {
        const named = this.#named(stored!);
        const isFleeting = engine.mayEvict?.(named) === true;
        const bound = isFleeting ? [] : (this.seen?.of(slotOfRow(named.bytes, 0)) ?? []);
        const news = newsOf(decodeCell(cell), present && decodeCell(present), bound);
        if (news === undefined) return "gone";
        watchBoard.noteWrite(named.hash);
        const bytes = encodeCell(news);
        return whenReady(engine.merge(named, { bytes, start: 0, end: bytes.length }), nothing);
      },
    });
  }

  /** Hot: false of nearly all that comes, for bounds lie some minutes back. */
  #mayBeOld(bytes: Uint8Array, start: number, end: number): boolean {
    const { seen } = this;
    if (seen === undefined || seen.highest.length === 0) return false;
    if (isCompact(bytes, start, end)) return this.#isCovered(seen.highest, bytes, start);
    const { siblings, context } = decodeCell(bytes, start, end);
    if (siblings.length === 0) return descends(seen.highest, context);
    return siblings.some(({ dot }) => covers(seen.highest, dot));
  }

  /** As actors' bytes, once for each vector. */
  #isCovered(vector: VersionVector, bytes: Uint8Array, start: number): boolean {
    if (this.#actorsOf !== vector) {
      this.#actorsOf = vector;
      this.#actors = vector.map(({ actor }) => actorBytes(actor));
    }
    for (let i = 0; i < vector.length; i++) {
      if (isCompactBy(bytes, start, this.#actors[i]!))
        return compactCounter(bytes, start) <= vector[i]!.counter;
    }
    return false;
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
    if (this.#mayBeOld(bytes, cellStart, end)) return false;
    const present = this.find(database, bytes, start, cellStart);
    if (present === undefined) return false;
    const isThere = present.end > present.start;
    if (isThere && !isCompact(present.bytes, present.start, present.end)) return false;
    if (isThere && !compactSupersedes(bytes, cellStart, present.bytes, present.start)) return false;
    const { hash } = this.#rowKey;
    const [time, cell] = [this.#time, this.#cell];
    time.wallMs = compactWallMs(bytes, cellStart);
    time.logical = compactLogical(bytes, cellStart);
    stamper.follow(time, wallMs);
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

function nothing(): undefined {
  return undefined;
}

function isDone(): boolean {
  return true;
}

function copyOf(isThere: boolean, { bytes, start, end }: ByteRange): Uint8Array | undefined {
  return isThere ? pooledCopy(bytes, start, end) : undefined;
}

/**
 * What other nodes know of keys, merged into this node's copy, and this node's copy as they are sent it. Nothing here
 * is stamped: a cell keeps the version that its writer gave it.
 *
 * Invariant: a merge never comes between another's read of the key and its write.
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import { pooledCopy } from "../base/byte-pool.ts";
import type { ByteRange } from "../base/bytes.ts";
import { cellNewestTime } from "../causality/encoded-cell.ts";
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

  #named({ database, key }: KeyRef): RowKey {
    this.#rowKey.encode(database, key, 0, key.length);
    return this.#rowKey;
  }
}

const NO_BYTES = new Uint8Array(0);

function copyOf(isThere: boolean, { bytes, start, end }: ByteRange): Uint8Array | undefined {
  return isThere ? pooledCopy(bytes, start, end) : undefined;
}

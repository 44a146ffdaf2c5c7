/**
 * This node's rows as an exchange sees them: their sums, their hashes, their cells; and what comes from others, merged into
 * them. Both ends of an exchange are made of it.
 */
import type { Awaitable } from "../base/awaitable.ts";
import { StoreError } from "../base/errors.ts";
import { slotOf } from "../ring/slot.ts";
import { type TurnClock, turnPause } from "../runtime/turn-pause.ts";
import type { Hash64 } from "../storage/lsm/table/byte-hash.ts";
import type { MerkleSummary } from "../storage/lsm/table/merkle-summary.ts";
import { hashVersion } from "../storage/lsm/table/version-hash.ts";
import { databaseOfRow, keyRange, OWN_DATABASE, RowKey, scanStart, slotOfRow } from "../storage/row-key.ts";
import type { GoneRow } from "./agreement-message.ts";
import type { LackedSlots, SlotSpan } from "./exchange.ts";
import { HASHES_MAX, type MovedRow, ROWS_BYTES_MAX, rowBytes } from "./exchange-message.ts";
import { ALL_LEAVES } from "./leaf-set.ts";
import {
  hashNumber,
  type ListedRow,
  NO_KEY,
  type RowHash,
  type RowSpan,
  type ScannedRows,
  type VersionTraits,
  visitRows,
} from "./row-span.ts";
import { type NodeSums, sumNode, type TreeNode } from "./slot-tree.ts";

export interface ExchangedRowsParts {
  readonly engine: ScannedRows;
  readonly traits: VersionTraits;
  /** About how many rows this node has of a slot. */
  readonly rowCountOf: (slot: number) => number;
  /** Leaf sums of the slots `from` <= slot < `to`. */
  readonly sumsOf: (from: number, to: number) => Awaitable<MerkleSummary>;
  /**
   * Merges a cell into this node's copy of the row; "gone": all that it says was forgotten here. Throws or rejects with
   * StoreError if it must not be taken.
   */
  readonly merge: (row: MovedRow) => Awaitable<"gone" | undefined>;
  /** Undefined if all that was merged is as durable as the settings promise, else a promise of that. */
  readonly durable: () => Promise<void> | undefined;
  /** A packet may be thousands of rows: whoever is served meanwhile does not wait for all of them. */
  readonly clock: TurnClock;
}

/** What became of rows that came. */
export interface TakenRows {
  readonly refused: number;
  /** Those that this node has forgotten, as all have agreed. */
  readonly gone: readonly GoneRow[];
}

/** Which slots both replicas keep. */
export type IsShared = (slot: number) => boolean;

/** Hashes of rows in row-key order, and their keys. */
export interface RowPage {
  readonly hashes: readonly RowHash[];
  readonly keys: readonly Uint8Array[];
  /** The last row key; empty if there are no more. */
  readonly upTo: Uint8Array;
}

export interface PickedRows {
  readonly rows: readonly MovedRow[];
  /** The last one's row key, if there are more; else empty. */
  readonly upTo: Uint8Array;
}

/** Of 8 bytes each, where sums of leaves are 64 of 8 bytes. */
const SPARSE_ROWS = 48;

export class ExchangedRows {
  readonly #parts: ExchangedRowsParts;
  readonly #pause = (): Promise<void> | undefined => turnPause(this.#parts.clock);

  constructor(parts: ExchangedRowsParts) {
    this.#parts = parts;
  }

  /** True if the slot has so few rows that listing them all costs less than sums of its leaves. */
  isSparse(slot: number): boolean {
    return this.#parts.rowCountOf(slot) <= SPARSE_ROWS;
  }

  sums(node: TreeNode, isShared: IsShared): Awaitable<NodeSums> {
    return sumNode(node, this.#parts.sumsOf, isShared);
  }

  /** The first HASHES_MAX rows. */
  async page(span: RowSpan): Promise<RowPage> {
    const hashes: RowHash[] = [];
    const keys: Uint8Array[] = [];
    let isCut = false;
    await this.#visit(span, ({ key, hash }) => {
      isCut = hashes.length === HASHES_MAX;
      if (isCut) return false;
      hashes.push(hash);
      keys.push(key.bytes.slice(key.start, key.end));
      return true;
    });
    return { hashes, keys, upTo: isCut ? keys.at(-1)! : NO_KEY };
  }

  /** Which of these hashes rows of the span have now. */
  async present(span: RowSpan, hashes: ReadonlySet<RowHash>): Promise<ReadonlySet<RowHash>> {
    const found = new Set<RowHash>();
    await this.#visit(span, ({ hash }) => {
      if (hashes.has(hash)) found.add(hash);
      return true;
    });
    return found;
  }

  /** True if there is a row of those slots. */
  async hasAny({ first, last }: SlotSpan, isShared: IsShared): Promise<boolean> {
    const rows = this.#parts.engine.scan(scanStart(first, 0, 0), scanStart(last + 1, 0, 0));
    try {
      for (;;) {
        const moved = rows.next();
        if (!(typeof moved === "boolean" ? moved : await moved)) return false;
        const { bytes, start } = rows.key;
        if (databaseOfRow(bytes, start) !== OWN_DATABASE && isShared(slotOfRow(bytes, start))) return true;
      }
    } finally {
      rows.close();
    }
  }

  /** All rows of the slots `first` to `last` that both keep, after `after`: as many as one message takes. */
  async pickAll({ first, last, after }: LackedSlots, isShared: IsShared): Promise<PickedRows> {
    const rows: MovedRow[] = [];
    let bytes = 0;
    for (let slot = after.length === 0 ? first : slotOfRow(after, 0); slot <= last; slot++) {
      if (!isShared(slot)) continue;
      const from = after.length > 0 && slotOfRow(after, 0) === slot ? after : scanStart(slot, 0, 0);
      const picked = await this.pick({ slot, leaves: ALL_LEAVES, after: from, upTo: NO_KEY }, () => true);
      for (const row of picked.rows) bytes += rowBytes(row);
      const isFull = bytes > ROWS_BYTES_MAX || rows.length + picked.rows.length > HASHES_MAX;
      if (isFull && rows.length > 0) return { rows, upTo: from };
      rows.push(...picked.rows);
      if (picked.upTo.length > 0) return { rows, upTo: picked.upTo };
    }
    return { rows, upTo: NO_KEY };
  }

  /** Rows that `wants`, as many as one message takes; one, however long it is. */
  async pick(span: RowSpan, wants: (row: ListedRow) => boolean): Promise<PickedRows> {
    const rows: MovedRow[] = [];
    let upTo = NO_KEY;
    let bytes = 0;
    let isCut = false;
    await this.#visit(span, (listed) => {
      if (!wants(listed)) return true;
      const row = movedRow(listed);
      bytes += rowBytes(row);
      isCut = rows.length > 0 && (bytes > ROWS_BYTES_MAX || rows.length === HASHES_MAX);
      if (isCut) return false;
      rows.push(row);
      upTo = listed.key.bytes.slice(listed.key.start, listed.key.end);
      return true;
    });
    return { rows, upTo: isCut ? upTo : NO_KEY };
  }

  /** Resolves when those that were not refused are as durable as the settings promise. */
  async take(rows: readonly MovedRow[], isShared: IsShared): Promise<TakenRows> {
    let refused = 0;
    const gone: GoneRow[] = [];
    for (const row of rows) {
      const paused = this.#pause();
      if (paused !== undefined) await paused;
      try {
        if (!isShared(slotOf(row.key, 0, row.key.length))) throw notKept();
        if ((await this.#parts.merge(row)) === "gone") gone.push(this.#goneRow(row));
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
        if (cause.code !== "INVALID_REQUEST" && cause.code !== "CORRUPTION") throw cause; // nobody can take anything now
        refused++;
      }
    }
    await this.#parts.durable();
    return { refused, gone };
  }

  #goneRow({ database, key, cell }: MovedRow): GoneRow {
    return { database, key, hash: hashOfRow({ database, key, cell }, this.#parts.traits) };
  }

  #visit(span: RowSpan, visit: (row: ListedRow) => boolean): Promise<void> {
    const { engine, traits } = this.#parts;
    return visitRows({ engine, traits, pause: this.#pause }, span, visit);
  }
}

/** The row's summand in Merkle sums. */
export function hashOfRow({ database, key, cell }: MovedRow, traits: VersionTraits): RowHash {
  const rowKey = new RowKey(0);
  rowKey.encode(database, key, 0, key.length);
  const hash: Hash64 = { low: 0, high: 0 };
  const keyRange = { bytes: rowKey.bytes, start: 0, end: rowKey.length };
  hashVersion(hash, keyRange, { bytes: cell, start: 0, end: cell.length }, traits);
  return hashNumber(hash);
}

function movedRow({ key, cell }: ListedRow): MovedRow {
  const name = keyRange(key.bytes, key.start);
  return {
    database: databaseOfRow(key.bytes, key.start),
    key: key.bytes.slice(name.start, name.end),
    cell: cell.bytes.slice(cell.start, cell.end),
  };
}

function notKept(): StoreError {
  return new StoreError("INVALID_REQUEST", "not-applied", "this node keeps no copy of that slot");
}

/**
 * Rows of some leaves of one slot, between two row keys, with a hash of row key and version each: what two replicas
 * compare in the end.
 *
 * A slot may hold millions of rows (of one hash tag): so it is listed by pages. Rows of OWN_DATABASE are a node's own.
 */
import { type ByteRange, compareBytes } from "../base/bytes.ts";
import type { Hash64 } from "../storage/lsm/table/byte-hash.ts";
import type { CellTraits } from "../storage/lsm/table/cell-traits.ts";
import { leafOfRow, SLOT_LEAF_COUNT } from "../storage/lsm/table/merkle-summary.ts";
import { hashVersion } from "../storage/lsm/table/version-hash.ts";
import { databaseOfRow, OWN_DATABASE, scanStart } from "../storage/row-key.ts";
import type { RowIterator } from "../storage/storage-engine.ts";
import { hasLeaf, type LeafSet } from "./leaf-set.ts";

export interface RowSpan {
  readonly slot: number;
  readonly leaves: LeafSet;
  /** Only row keys after it; empty for all from the first. */
  readonly after: Uint8Array;
  /** Up to this one; empty for all up to the last. */
  readonly upTo: Uint8Array;
}

/** 64 bits of (row key, version): the summand of the row in Merkle sums. */
export type RowHash = bigint;

export interface ListedRow {
  /** The engine's: valid until the visitor returns. */
  readonly key: ByteRange;
  readonly cell: ByteRange;
  readonly hash: RowHash;
}

export interface ScannedRows {
  scan(from: Uint8Array, to: Uint8Array | undefined): RowIterator;
}

/** Asked now and then: undefined to go on, else when to. */
export type Pause = () => Promise<void> | undefined;

export type VersionTraits = Pick<CellTraits, "versionRange">;

/** Rows passed over before the next leaf that is asked for is looked for anew. */
const SKIPPED_MAX = 64;
/** Well under a tenth of a millisecond's worth. */
const ROWS_BETWEEN_PAUSES = 16;
const POSITIONS_PER_LEAF = 0x1_0000 / SLOT_LEAF_COUNT;
export const NO_KEY: Uint8Array = new Uint8Array(0);

export interface VisitedRows {
  readonly engine: ScannedRows;
  readonly traits: VersionTraits;
  readonly pause: Pause;
}

/** Visits the rows in row-key order until `visit` returns false. Rejects with StoreError CORRUPTION or IO. */
export async function visitRows(
  { engine, traits, pause }: VisitedRows,
  span: RowSpan,
  visit: (row: ListedRow) => boolean,
): Promise<void> {
  const end = scanStart(span.slot + 1, 0, 0);
  const hash: Hash64 = { low: 0, high: 0 };
  let from: Uint8Array | undefined = span.after.length === 0 ? scanStart(span.slot, 0, 0) : next(span.after);
  let visited = 0;
  while (from !== undefined) {
    const rows = engine.scan(from, end);
    from = undefined;
    try {
      let skipped = 0;
      for (;;) {
        const moved = rows.next();
        if (!(typeof moved === "boolean" ? moved : await moved)) break;
        const paused = ++visited % ROWS_BETWEEN_PAUSES === 0 ? pause() : undefined;
        if (paused !== undefined) await paused;
        const { key, cell } = rows;
        if (databaseOfRow(key.bytes, key.start) === OWN_DATABASE || isPast(key, span.upTo)) break;
        const leaf = leafOfRow(key.bytes, key.start) % SLOT_LEAF_COUNT;
        if (!hasLeaf(span.leaves, leaf)) {
          if (++skipped < SKIPPED_MAX) continue;
          from = nextLeafStart(span, key, leaf);
          break;
        }
        skipped = 0;
        hashVersion(hash, key, cell, traits);
        if (!visit({ key, cell, hash: hashNumber(hash) })) break;
      }
    } finally {
      rows.close();
    }
  }
}

export function hashNumber({ low, high }: Hash64): RowHash {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function isPast(key: ByteRange, upTo: Uint8Array): boolean {
  return upTo.length > 0 && compareBytes(key.bytes.subarray(key.start, key.end), upTo) > 0;
}

/** Where the next leaf of the span begins after a row of `leaf`: in this database, or in the next one. */
function nextLeafStart({ slot, leaves }: RowSpan, key: ByteRange, leaf: number): Uint8Array {
  const database = databaseOfRow(key.bytes, key.start);
  for (let later = leaf + 1; later < SLOT_LEAF_COUNT; later++) {
    if (hasLeaf(leaves, later)) return scanStart(slot, database, later * POSITIONS_PER_LEAF);
  }
  return scanStart(slot, database + 1, 0);
}

/** The least row key that comes after. */
function next(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}

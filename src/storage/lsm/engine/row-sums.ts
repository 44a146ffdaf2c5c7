/**
 * What rows of a memtable change in counts and Merkle sums: each adds itself and takes out what it
 * superseded. Hot: `flagsOf`, twice per put; its parts are watched by `bench -- log` and `bench -- table`.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { scanStart } from "../../row-key.ts";
import { NEVER_EXPIRES } from "../../storage-engine.ts";
import { ROW_FLAG } from "../log/log-format.ts";
import type { Memtable } from "../log/memtable.ts";
import { MemtableScan } from "../log/memtable-scan.ts";
import type { Segment, Superseded } from "../log/segment.ts";
import type { Hash64 } from "../table/byte-hash.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { leafOfRow, type MerkleSummary } from "../table/merkle-summary.ts";
import type { RowTally } from "../table/row-tally.ts";
import { hashVersion } from "../table/version-hash.ts";
import { isForgotten } from "./forgotten-row.ts";

/** What a row with this cell counts as: ROW_FLAGs, 0 if it is forgotten. */
export function flagsOf(cell: ByteRange, traits: CellTraits): number {
  if (isForgotten(cell)) return 0;
  if (traits.isTombstone(cell)) return ROW_FLAG.superseded | ROW_FLAG.supersededTombstone;
  const expires = traits.expiresAtMs(cell) !== NEVER_EXPIRES;
  return ROW_FLAG.superseded | (expires ? ROW_FLAG.supersededExpires : 0);
}

/** 1 if what has these flags counts as a row, else 0. */
export function rowCountOf(flags: number): number {
  return (flags & (ROW_FLAG.superseded | ROW_FLAG.supersededTombstone)) === ROW_FLAG.superseded ? 1 : 0;
}

export function expiringCountOf(flags: number): number {
  return (flags & ROW_FLAG.supersededExpires) === 0 ? 0 : 1;
}

/** Adds what the rows of a memtable change in counts; returns the newest wall time of their cells. */
export function addMemtable(tally: RowTally, memtable: Memtable, traits: CellTraits): number {
  let newestWallMs = 0;
  const { segment } = memtable;
  const cell: ByteRange = { bytes: segment.bytes, start: 0, end: 0 };
  const superseded: Superseded = { ...NOTHING };
  for (const offset of memtable.rowOffsets()) {
    memtable.cellInto(offset, cell);
    newestWallMs = Math.max(newestWallMs, traits.newestWallMs(cell));
    segment.supersededInto(offset, superseded);
    const after = flagsOf(cell, traits);
    const before = superseded.flags;
    const rows = rowCountOf(after) - rowCountOf(before);
    const expiring = expiringCountOf(after) - expiringCountOf(before);
    tally.addRow(segment.bytes, segment.keyStart(offset), rows, expiring);
  }
  return newestWallMs;
}

const NOTHING: Superseded = { flags: 0, hashLow: 0, hashHigh: 0 };

/** Adds what the memtable's rows of the slots `from` <= slot < `to` change in Merkle sums. */
export function addOverlay(
  summary: MerkleSummary,
  memtable: Memtable,
  traits: CellTraits,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  if (!hasRows(memtable, from, to)) return; // as most of a small memtable's slots
  const scan = new MemtableScan(memtable, scanStart(from, 0, 0), scanStart(to, 0, 0));
  const rows = new RowSums(memtable.segment, scan, traits);
  while (rows.next()) rows.addToSummary(summary);
}

function hasRows({ heads }: Memtable, from: number, to: number): boolean {
  for (let slot = from; slot < to; slot++) if (heads[slot] !== 0) return true;
  return false;
}

/** Rows of a segment, in any order. */
export interface SegmentRows {
  readonly key: ByteRange;
  readonly cell: ByteRange;
  /** Of the current row, in the segment. */
  readonly offset: number;
  next(): boolean;
}

/** Goes through rows of a memtable, and tells what each changes. */
export class RowSums {
  readonly rows: SegmentRows;
  readonly #segment: Segment;
  readonly #traits: CellTraits;
  readonly #superseded: Superseded = { ...NOTHING };
  readonly #hash: Hash64 = { low: 0, high: 0 };

  constructor(segment: Segment, rows: SegmentRows, traits: CellTraits) {
    this.#segment = segment;
    this.#traits = traits;
    this.rows = rows;
  }

  /** Moves to the next row; false at the end. */
  next(): boolean {
    if (!this.rows.next()) return false;
    this.#segment.supersededInto(this.rows.offset, this.#superseded);
    return true;
  }

  addToTally(tally: RowTally): void {
    const { key, cell } = this.rows;
    const after = flagsOf(cell, this.#traits);
    const before = this.#superseded.flags;
    const rows = rowCountOf(after) - rowCountOf(before);
    tally.addRow(key.bytes, key.start, rows, expiringCountOf(after) - expiringCountOf(before));
  }

  addToSummary(summary: MerkleSummary): void {
    const { key, cell } = this.rows;
    const leaf = leafOfRow(key.bytes, key.start);
    const hash = this.#hash;
    if (!isForgotten(cell)) {
      hashVersion(hash, key, cell, this.#traits);
      summary.add(leaf, hash);
    }
    hash.low = this.#superseded.hashLow;
    hash.high = this.#superseded.hashHigh;
    if ((hash.low | hash.high) !== 0) summary.subtract(leaf, hash);
  }
}

/**
 * Writes the rows of a log segment as a table of level 0, reading the very buffer that the segment is in. Of each row
 * the newest version is written; the sums take out what it superseded in older segments and tables.
 */
import type { BackgroundTask, TaskRuntime } from "../../../runtime/runtime.ts";
import { NEVER_EXPIRES } from "../../storage-engine.ts";
import { ROW_FLAG } from "../log/log-format.ts";
import { MemtableScan } from "../log/memtable-scan.ts";
import { Segment, type Superseded } from "../log/segment.ts";
import { type TableEntry, tableName } from "../manifest/table-entry.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { leafOfRow, MerkleSummary } from "../table/merkle-summary.ts";
import { RowTally } from "../table/row-tally.ts";
import { type TableSettings, type TableSums, TableWriter } from "../table/table-writer.ts";

/** Plain data, but for the buffer, which stays shared. */
export interface FlushInput {
  /** Of the segment: no row comes into it any more. */
  readonly shared: SharedArrayBuffer;
  readonly sealedBytes: number;
  /** Memtable.heads. */
  readonly heads: Int32Array;
  /** Of the tables. */
  readonly directory: string;
  /** Of the new table. */
  readonly number: number;
  readonly settings: TableSettings;
}

export interface FlushResult {
  /** Durable, name included; undefined if the segment has no rows. */
  readonly added: TableEntry | undefined;
}

/** The task, as the module that knows what cells mean exports it: `moduleUrl` is that module's. */
export function flushTask(moduleUrl: string, traits: CellTraits): BackgroundTask<FlushInput, FlushResult> {
  return { moduleUrl, run: (runtime, input) => flush(runtime, input, traits) };
}

/** Rejects with StoreError IO; then what may be left of the table goes at the next start. */
async function flush({ disk }: TaskRuntime, input: FlushInput, traits: CellTraits): Promise<FlushResult> {
  const { directory, number, settings } = input;
  const segment = Segment.existing(input.shared, input.sealedBytes);
  const rows = new MemtableScan({ segment, heads: input.heads }, new Uint8Array(0), undefined);
  if (!rows.next()) return { added: undefined };
  const writer = await TableWriter.create(disk, `${directory}/${tableName(number)}`, traits, settings);
  try {
    const sums = await writeRows(segment, rows, writer, traits);
    const metadata = await writer.finish(sums);
    await disk.syncDirectory(directory);
    return { added: { number, level: 0, age: segment.number, horizonMs: 0, ...metadata } };
  } catch (cause) {
    await writer.abandon().catch(() => undefined); // the first failure is the one to tell
    throw cause;
  }
}

/** Requires: `rows` stands on the first row. */
async function writeRows(
  segment: Segment,
  rows: MemtableScan,
  writer: TableWriter,
  traits: CellTraits,
): Promise<TableSums> {
  const sums = { summary: new MerkleSummary(), tally: new RowTally() };
  const superseded: Superseded = { flags: 0, hashLow: 0, hashHigh: 0 };
  do {
    const step = writer.add(rows.key, rows.cell);
    if (step !== undefined) await step;
    segment.supersededInto(rows.offset, superseded);
    account(sums, rows, superseded, traits);
  } while (rows.next());
  return sums;
}

function account(
  { summary, tally }: TableSums,
  { key, cell }: MemtableScan,
  { flags, hashLow, hashHigh }: Superseded,
  traits: CellTraits,
): void {
  summary.addRow(key, cell, traits);
  summary.subtract(leafOfRow(key.bytes, key.start), { low: hashLow, high: hashHigh });
  const isTombstone = traits.isTombstone(cell);
  const expires = !isTombstone && traits.expiresAtMs(cell) !== NEVER_EXPIRES;
  const wasRow = (flags & ROW_FLAG.superseded) !== 0 && (flags & ROW_FLAG.supersededTombstone) === 0;
  const expired = wasRow && (flags & ROW_FLAG.supersededExpires) !== 0;
  tally.addRow(
    key.bytes,
    key.start,
    (isTombstone ? 0 : 1) - (wasRow ? 1 : 0),
    (expires ? 1 : 0) - (expired ? 1 : 0),
  );
}

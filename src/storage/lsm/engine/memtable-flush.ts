/**
 * Writes a memtable as a table of level 0: of each row the newest version, with what the memtable changes in
 * counts and Merkle sums. Runs on another thread, on the very bytes that rows were put into.
 */
import { assert } from "../../../base/assert.ts";
import type { BackgroundTask, TaskRuntime } from "../../../runtime/runtime.ts";
import { flushOrder } from "../log/flush-order.ts";
import { RowFetch } from "../log/row-fetch.ts";
import { RunScan } from "../log/run-scan.ts";
import { Segment } from "../log/segment.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { MerkleSummary } from "../table/merkle-summary.ts";
import { RowTally } from "../table/row-tally.ts";
import { type TableMetadata, type TableSettings, TableWriter } from "../table/table-writer.ts";
import { withForgotten } from "./forgotten-row.ts";
import { RowSums } from "./row-sums.ts";

export interface FlushInput {
  /** Of the new table; what is there is replaced. */
  readonly path: string;
  /** Of the segment. */
  readonly number: number;
  /** Its bytes, sealed up to `sealedBytes`. */
  readonly shared: SharedArrayBuffer;
  readonly sealedBytes: number;
  readonly settings: TableSettings;
}

export type FlushTask = BackgroundTask<FlushInput, TableMetadata>;

/** `moduleUrl` is that of the module that exports the result as `task`. */
export function createFlushTask(traits: CellTraits, moduleUrl: string): FlushTask {
  return { moduleUrl, run: (runtime, input) => flush(runtime, withForgotten(traits), input) };
}

/** Resolves when the table is durable but for its name. */
async function flush(
  { disk }: TaskRuntime,
  traits: CellTraits,
  { path, number, shared, sealedBytes, settings }: FlushInput,
): Promise<TableMetadata> {
  const segment = Segment.existing(shared, sealedBytes);
  assert(segment.number === number, "the buffer has been taken for another segment");
  const origin = { level: 0, age: segment.number };
  const writer = await TableWriter.create(disk, path, { traits, settings, origin });
  try {
    const sums = { summary: new MerkleSummary(), tally: new RowTally() };
    const order = flushOrder(segment);
    const scan = new RunScan(segment, order, new Uint8Array(0), undefined, false);
    const rows = new RowSums(segment, scan, traits);
    const fetch = new RowFetch(segment, order);
    for (fetch.next(); rows.next(); fetch.next()) {
      rows.addToTally(sums.tally);
      rows.addToSummary(sums.summary);
      const written = writer.add(rows.rows.key, rows.rows.cell);
      if (written !== undefined) await written;
    }
    return await writer.finish(sums);
  } catch (cause) {
    await writer.abandon().catch(() => undefined); // the first failure is the one to tell
    throw cause;
  }
}

/**
 * Writes all rows that are really there into new tables of the last level, with counts and Merkle sums of just these
 * rows: sums of what is left of a damaged directory say nothing, for rows tell what they took the place of, and that
 * may be gone.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import type { CellRules } from "../../storage-engine.ts";
import { CompactionOutput } from "../compaction/compaction-output.ts";
import { RowMerge } from "../compaction/row-merge.ts";
import { expiringCountOf, flagsOf, rowCountOf } from "../engine/row-sums.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import { LEVEL_COUNT } from "../manifest/version.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { MerkleSummary } from "../table/merkle-summary.ts";
import { RowTally } from "../table/row-tally.ts";
import type { TableSettings } from "../table/table-writer.ts";
import { newestCell, type RankedCell } from "./row-rank.ts";
import type { RankedRows } from "./sound-rows.ts";

export interface RebuildOptions {
  readonly disk: Disk;
  /** Of the tables. */
  readonly directory: string;
  readonly rules: CellRules;
  readonly traits: CellTraits;
  readonly tableBytes: number;
  readonly settings: TableSettings;
  /** No file has this number or a higher one. */
  readonly firstNumber: number;
  /** Of the new tables. */
  readonly age: number;
}

/** Resolves to the new tables when they are durable; none if there is no row. Closes `sources`. */
export async function rebuildTables(
  sources: readonly RankedRows[],
  options: RebuildOptions,
): Promise<readonly TableEntry[]> {
  const { disk, rules, traits, firstNumber, age } = options;
  const sums = { summary: new MerkleSummary(), tally: new RowTally() };
  const endNumber = Number.MAX_SAFE_INTEGER;
  const rest = { level: LEVEL_COUNT - 1, age, horizonMs: 0 };
  const output = new CompactionOutput(disk, traits, { ...options, firstNumber, endNumber, rest }, sums);
  const rows = new RowMerge(sources);
  try {
    while (await rows.next()) {
      const key = rangeOf(bytesOf(rows.row.key));
      const cell = rangeOf(newestCell(rows.tied.map(versionOf), (a, b) => rules.merge(a, b)));
      if (cell.end === 0) continue;
      const flags = flagsOf(cell, traits);
      sums.summary.addRow(key, cell, traits);
      sums.tally.addRow(key.bytes, 0, rowCountOf(flags), expiringCountOf(flags));
      await output.add(key, cell);
    }
    return await output.finish();
  } catch (cause) {
    await output.abandon();
    throw cause;
  } finally {
    await rows.close();
  }
}

function versionOf({ rank, cell }: RankedRows): RankedCell {
  return { rank, cell: bytesOf(cell) };
}

function bytesOf({ bytes, start, end }: ByteRange): Uint8Array {
  return bytes.slice(start, end);
}

function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}

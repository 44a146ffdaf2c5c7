/**
 * Merges tables into new ones. Of each row, the newest version stays; a forgotten row goes, too, once no
 * lower level can have an older version of it. Nothing else is dropped: so the sums of the outputs are those
 * of the inputs.
 */
import { assert } from "../../../base/assert.ts";
import type { BackgroundTask, TaskRuntime } from "../../../runtime/runtime.ts";
import { CompactionOutput } from "../compaction/compaction-output.ts";
import { OtherTables } from "../compaction/other-tables.ts";
import { RowMerge } from "../compaction/row-merge.ts";
import { openTable, TableChain } from "../compaction/table-chain.ts";
import { Pace, TaskControl } from "../compaction/task-control.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { MerkleSummary } from "../table/merkle-summary.ts";
import { RowTally } from "../table/row-tally.ts";
import type { TableSettings, TableSums } from "../table/table-writer.ts";
import { isForgotten, withForgotten } from "./forgotten-row.ts";

const PACE_BYTES = 256 * 1024;

export interface MergeInput {
  /** Of the tables. */
  readonly directory: string;
  /** Each sorted, the newest first. */
  readonly runs: readonly (readonly TableEntry[])[];
  /** Tables of lower levels that may have older versions of the rows. */
  readonly lower: readonly TableEntry[];
  /** Of the outputs. */
  readonly level: number;
  /** Wall time up to which nothing dead is left in the outputs; 0 if forgotten rows may be. */
  readonly horizonMs: number;
  /** For the outputs: `firstNumber` <= number < `endNumber`. */
  readonly firstNumber: number;
  readonly endNumber: number;
  readonly tableBytes: number;
  readonly settings: TableSettings;
  /** Of a TaskControl. */
  readonly control: SharedArrayBuffer;
}

export type MergeTask = BackgroundTask<MergeInput, readonly TableEntry[]>;

/** `moduleUrl` is that of the module that exports the result as `task`. */
export function createMergeTask(traits: CellTraits, moduleUrl: string): MergeTask {
  return { moduleUrl, run: (runtime, input) => mergeTables(runtime, withForgotten(traits), input) };
}

/** Resolves when the new tables are durable. Rejects with StoreError CLOSED if told to stop. */
async function mergeTables(
  { disk, clock }: TaskRuntime,
  traits: CellTraits,
  input: MergeInput,
): Promise<readonly TableEntry[]> {
  const { directory, runs, lower } = input;
  const pace = new Pace(new TaskControl(input.control), clock);
  const sums = await addSums({ disk }, directory, runs.flat());
  const output = new CompactionOutput(disk, traits, outputOptions(input), sums);
  const others = new OtherTables(disk, directory, lower);
  const rows = new RowMerge(runs.map((tables) => new TableChain(disk, directory, tables)));
  let unpaidBytes = 0;
  try {
    for (;;) {
      const moved = rows.next();
      if (!(typeof moved === "boolean" ? moved : await moved)) break; // an await takes longer than the move
      const { key, cell } = rows.row;
      unpaidBytes += key.end - key.start + cell.end - cell.start;
      if (unpaidBytes >= PACE_BYTES) {
        await pace.spend(unpaidBytes);
        unpaidBytes = 0;
      }
      if (isForgotten(cell) && !(await others.mayContain(key.bytes.slice(key.start, key.end)))) continue;
      const written = output.add(key, cell);
      if (written !== undefined) await written;
    }
    return await output.finish();
  } catch (cause) {
    await output.abandon();
    throw cause;
  } finally {
    await rows.close();
    await others.close();
  }
}

function outputOptions(input: MergeInput): ConstructorParameters<typeof CompactionOutput>[2] {
  const { directory, firstNumber, endNumber, tableBytes, settings, level, horizonMs } = input;
  const age = Math.max(...input.runs.flat().map((table) => table.age));
  assert(firstNumber < endNumber, "there are no numbers for the outputs");
  return { directory, firstNumber, endNumber, tableBytes, settings, rest: { level, age, horizonMs } };
}

async function addSums(
  { disk }: Pick<TaskRuntime, "disk">,
  directory: string,
  tables: readonly TableEntry[],
): Promise<TableSums> {
  const total = { summary: new MerkleSummary(), tally: new RowTally() };
  for (const table of tables) {
    const reader = await openTable(disk, directory, table);
    const { summary, tally } = await reader.loadSums().finally(() => reader.close());
    total.summary.addSummary(summary);
    total.tally.addTally(tally);
  }
  return total;
}

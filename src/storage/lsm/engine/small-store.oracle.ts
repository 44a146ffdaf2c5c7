/**
 * A store of a few rows, made of real segments, flushes and compactions, beside a map that says what it must hold. For
 * tests only: like every oracle, left out of the build.
 */
import { expect } from "vitest";
import type { TaskRuntime } from "../../../runtime/runtime.ts";
import { RowKey } from "../../row-key.ts";
import { type Compaction, type PickerSettings, pickCompaction } from "../compaction/picker.ts";
import { openTable } from "../compaction/table-chain.ts";
import { TaskControl } from "../compaction/task-control.ts";
import { ROW_FLAG } from "../log/log-format.ts";
import { Memtable } from "../log/memtable.ts";
import { Segment, type Superseded } from "../log/segment.ts";
import { type TableEntry, tableName } from "../manifest/table-entry.ts";
import { Version } from "../manifest/version.ts";
import { MerkleSummary } from "../table/merkle-summary.ts";
import { RowTally } from "../table/row-tally.ts";
import { bytesOf, rangeOf, sampleTraits } from "../table/table-samples.oracle.ts";
import { DEFAULT_TABLE_SETTINGS } from "../table/table-writer.ts";
import { hashVersion } from "../table/version-hash.ts";
import { lowerTables, runsOf } from "./compaction-inputs.ts";
import { FORGOTTEN } from "./forgotten-row.ts";
import { createFlushTask } from "./memtable-flush.ts";
import { createMergeTask } from "./table-merge.ts";

export const directory = "/tables";
const settings = { ...DEFAULT_TABLE_SETTINGS, blockBytes: 100 };
const flushTask = createFlushTask(sampleTraits, "");
const mergeTask = createMergeTask(sampleTraits, "");
const SEGMENT_BYTES = 64 * 1024;

export class SmallStore {
  version = Version.empty;
  readonly control = new TaskControl();
  tableBytes = 400;
  /** By key as text: what is stored. Forgotten rows have empty cells, and stay until the test drops them. */
  readonly rows = new Map<string, Uint8Array>();
  readonly #runtime: TaskRuntime;
  #memtable = newMemtable(1);
  #nextFile = 1;

  constructor(runtime: TaskRuntime) {
    this.#runtime = runtime;
  }

  put(name: string, cell: Uint8Array, database = 0): void {
    const key = rowKeyOf(name, database);
    const text = Buffer.from(key.copy()).toString("hex");
    this.#memtable.put(key, rangeOf(cell), supersededOf(key, this.rows.get(text)));
    this.rows.set(text, cell);
  }

  forget(name: string, database = 0): void {
    this.put(name, FORGOTTEN.bytes, database);
  }

  async flush(): Promise<void> {
    const { segment, rowCount } = this.#memtable;
    segment.seal();
    const number = this.#nextFile++;
    const { number: age, shared, sealedBytes } = segment;
    const path = `${directory}/${tableName(number)}`;
    const written = await flushTask.run(this.#runtime, { path, number: age, shared, sealedBytes, settings });
    const added = { ...written, number, level: 0, age, horizonMs: 0 };
    if (rowCount > 0) this.version = this.version.apply({ added: [added], flushedLog: segment.number });
    this.#memtable = newMemtable(segment.number + 1);
  }

  pick(limits: PickerSettings): Compaction | undefined {
    return pickCompaction({ version: this.version, busy: new Set(), horizonMs: 1 }, limits);
  }

  /** Runs it as a merge, even if it could be a move. */
  async run(compaction: Compaction): Promise<readonly TableEntry[]> {
    const { inputs, targetLevel } = compaction;
    const firstNumber = this.#nextFile;
    this.#nextFile += 20;
    const lower = lowerTables(this.version, compaction);
    const added = await mergeTask.run(this.#runtime, {
      ...{ directory, runs: runsOf(inputs), lower, level: targetLevel, firstNumber, settings },
      horizonMs: lower.length === 0 ? 1 : 0,
      endNumber: this.#nextFile,
      tableBytes: this.tableBytes,
      control: this.control.shared,
    });
    this.version = this.version.apply({ removed: inputs.map(({ number }) => number), added });
    return added;
  }

  /** All rows of all tables, of each the newest, as text. Requires: everything is flushed. */
  async scan(): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (const table of [...this.version.tables].reverse()) {
      for (const [key, cell] of await rowsOf(this.#runtime, table)) found.set(key, cell);
    }
    return found;
  }

  /** Sums of all tables are those of their live rows. Requires: everything is flushed. */
  async checkSums(): Promise<void> {
    const sums = { summary: new MerkleSummary(), tally: new RowTally() };
    for (const table of this.version.tables) {
      const reader = await openTable(this.#runtime.disk, directory, table);
      const parts = await reader.loadSums();
      sums.summary.addSummary(parts.summary);
      sums.tally.addTally(parts.tally);
      await reader.close();
    }
    const expected = { summary: new MerkleSummary(), tally: new RowTally() };
    for (const [text, cell] of await this.scan()) {
      const key = new Uint8Array(Buffer.from(text, "hex"));
      if (cell.length === 0) continue;
      expected.summary.addRow(rangeOf(key), rangeOf(cell), sampleTraits);
      if (sampleTraits.isTombstone(rangeOf(cell))) continue;
      expected.tally.addRow(key, 0, 1, sampleTraits.expiresAtMs(rangeOf(cell)) > 0 ? 1 : 0);
    }
    expect(sums.tally.encode()).toEqual(expected.tally.encode());
    expect(sums.summary.equals(expected.summary)).toBe(true);
  }
}

export async function rowsOf({ disk }: TaskRuntime, table: TableEntry): Promise<[string, Uint8Array][]> {
  const reader = await openTable(disk, directory, table);
  const rows: [string, Uint8Array][] = [];
  const iterator = reader.scan();
  while (await iterator.next()) {
    rows.push([Buffer.from(bytesOf(iterator.key)).toString("hex"), bytesOf(iterator.cell)]);
  }
  await reader.close();
  return rows;
}

function newMemtable(number: number): Memtable {
  return new Memtable(new Segment(number, new SharedArrayBuffer(SEGMENT_BYTES)));
}

function rowKeyOf(name: string, database: number): RowKey {
  const bytes = Buffer.from(name);
  const key = new RowKey(1);
  key.encode(database, bytes, 0, bytes.length);
  return key;
}

function supersededOf(key: RowKey, cell: Uint8Array | undefined): Superseded {
  if (cell === undefined || cell.length === 0) return { flags: 0, hashLow: 0, hashHigh: 0 };
  const hash = { low: 0, high: 0 };
  hashVersion(hash, rangeOf(key.copy()), rangeOf(cell), sampleTraits);
  const isTombstone = sampleTraits.isTombstone(rangeOf(cell));
  const expires = !isTombstone && sampleTraits.expiresAtMs(rangeOf(cell)) > 0;
  const flags =
    ROW_FLAG.superseded |
    (isTombstone ? ROW_FLAG.supersededTombstone : 0) |
    (expires ? ROW_FLAG.supersededExpires : 0);
  return { flags, hashLow: hash.low, hashHigh: hash.high };
}

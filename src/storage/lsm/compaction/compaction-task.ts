/**
 * Merges tables into new ones: of each row the newest version stays, unless it is dead, may be forgotten, and lies in no
 * other table. Memory is bounded by a few pieces of each input and the sums; nothing of the inputs is changed.
 *
 *   sums of the outputs = sums of the inputs - those of the rows dropped
 *
 * (A superseded version is in no sum any more: the row that superseded it has taken it out.)
 */
import { type ByteRange, compareBytes } from "../../../base/bytes.ts";
import type { BackgroundTask, Disk, TaskRuntime } from "../../../runtime/runtime.ts";
import { databaseOfRow, slotOfRow } from "../../row-key.ts";
import { NEVER_EXPIRES } from "../../storage-engine.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import type { Hash64 } from "../table/byte-hash.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { leafOfRow, MerkleSummary } from "../table/merkle-summary.ts";
import { RowTally } from "../table/row-tally.ts";
import type { TableSettings, TableSums } from "../table/table-writer.ts";
import { hashVersion } from "../table/version-hash.ts";
import { type CollectionRule, horizonOfAll, isCollectible } from "./collection-rule.ts";
import { CompactionOutput } from "./compaction-output.ts";
import { DroppedRows } from "./dropped-rows.ts";
import { OtherTables } from "./other-tables.ts";
import { RowMerge } from "./row-merge.ts";
import { openTable, TableChain } from "./table-chain.ts";
import { Pace, TaskControl } from "./task-control.ts";

/** Plain data. */
export interface CompactionInput {
  /** Of the tables. */
  readonly directory: string;
  /** As the picker gave them: of one row, an earlier one has the newer version. */
  readonly inputs: readonly TableEntry[];
  /** All other tables of the version; those that do not overlap the inputs may be left out. */
  readonly others: readonly TableEntry[];
  readonly targetLevel: number;
  readonly rule: CollectionRule;
  /** File numbers `firstNumber` <= number < `endNumber` are the task's. */
  readonly firstNumber: number;
  readonly endNumber: number;
  /** Outputs are about as long. */
  readonly tableBytes: number;
  readonly settings: TableSettings;
  /** TaskControl.shared. */
  readonly control: SharedArrayBuffer;
}

export interface CompactionResult {
  /** Durable, names included. */
  readonly added: readonly TableEntry[];
  readonly supersededCount: number;
  /** See dropped-rows.ts. */
  readonly dropped: Int32Array;
}

/** The task, as the module that knows what cells mean exports it: `moduleUrl` is that module's. */
export function compactionTask(
  moduleUrl: string,
  traits: CellTraits,
): BackgroundTask<CompactionInput, CompactionResult> {
  return { moduleUrl, run: (runtime, input) => new CompactionRun(runtime, input, traits).run() };
}

/** How many file numbers are enough for the outputs. */
export function fileNumbersFor(inputs: readonly TableEntry[], tableBytes: number): number {
  const bytes = inputs.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  return Math.ceil(bytes / tableBytes) + 1;
}

const PACE_BYTES = 256 * 1024;

class CompactionRun {
  readonly #disk: Disk;
  readonly #input: CompactionInput;
  readonly #traits: CellTraits;
  readonly #pace: Pace;
  readonly #sums: TableSums = { summary: new MerkleSummary(), tally: new RowTally() };
  readonly #merge: RowMerge;
  readonly #others: OtherTables;
  readonly #output: CompactionOutput;
  readonly #dropped = new DroppedRows();
  readonly #hash: Hash64 = { low: 0, high: 0 };
  /** The last row dropped while there is no output yet. */
  #spare: { readonly key: ByteRange; readonly cell: ByteRange } | undefined;
  #unpacedBytes = 0;

  constructor({ disk, clock }: TaskRuntime, input: CompactionInput, traits: CellTraits) {
    const { directory, inputs, others, rule, targetLevel } = input;
    this.#disk = disk;
    this.#input = input;
    this.#traits = traits;
    this.#pace = new Pace(new TaskControl(input.control), clock);
    this.#merge = new RowMerge(sourcesOf(disk, directory, inputs));
    this.#others = new OtherTables(disk, directory, others);
    const rest = {
      level: targetLevel,
      age: Math.max(...inputs.map(({ age }) => age)),
      horizonMs: horizonOfAll(rule),
    };
    this.#output = new CompactionOutput(disk, traits, { ...input, rest }, this.#sums);
  }

  /** Rejects with StoreError: CLOSED if told to stop, IO, CORRUPTION. Then nothing is left of the outputs. */
  async run(): Promise<CompactionResult> {
    try {
      await this.#addUpSums();
      await this.#mergeRows();
      const added = await this.#output.finish();
      return { added, supersededCount: this.#merge.supersededCount, dropped: this.#dropped.take() };
    } catch (cause) {
      await this.#output.abandon();
      throw cause;
    } finally {
      await this.#merge.close();
      await this.#others.close();
    }
  }

  async #addUpSums(): Promise<void> {
    for (const entry of this.#input.inputs) {
      const reader = await openTable(this.#disk, this.#input.directory, entry);
      try {
        const { summary, tally } = await reader.loadSums();
        this.#sums.summary.addSummary(summary);
        this.#sums.tally.addTally(tally);
      } finally {
        await reader.close();
      }
    }
  }

  async #mergeRows(): Promise<void> {
    for (;;) {
      const moved = this.#merge.next();
      if (!(moved === true || (await moved))) break;
      const { key, cell } = this.#merge.row;
      this.#unpacedBytes += key.end - key.start + cell.end - cell.start;
      const isDead = isCollectible(this.#input.rule, this.#traits, slotOfRow(key.bytes, key.start), cell);
      const step = isDead ? this.#drop(key, cell) : this.#output.add(key, cell);
      if (step !== undefined) await step;
      if (this.#unpacedBytes < PACE_BYTES) continue;
      await this.#pace.spend(this.#unpacedBytes);
      this.#unpacedBytes = 0;
    }
    await this.#keepOneIfNeeded();
  }

  /** Drops the row if no other table has it. */
  async #drop(key: ByteRange, cell: ByteRange): Promise<void> {
    const rowKey = key.bytes.slice(key.start, key.end);
    if (await this.#others.mayContain(rowKey)) {
      await this.#output.add(key, cell);
      return;
    }
    if (!this.#output.hasRows) this.#spare = { key: copyOf(key), cell: copyOf(cell) };
    this.#account(key, cell, -1);
    const isTombstone = this.#traits.isTombstone(cell);
    this.#dropped.add({
      ...this.#hash,
      leaf: leafOfRow(key.bytes, key.start),
      database: databaseOfRow(key.bytes, key.start),
      isTombstone,
      expires: !isTombstone && this.#traits.expiresAtMs(cell) !== NEVER_EXPIRES,
    });
  }

  /**
   * Without rows there is no table to carry sums. They are all zero then, unless a row newer than all tables has taken
   * out something that is here: so one dead row is kept.
   */
  async #keepOneIfNeeded(): Promise<void> {
    const spare = this.#spare;
    if (this.#output.hasRows || spare === undefined || this.#areSumsZero()) return;
    this.#account(spare.key, spare.cell, 1);
    this.#dropped.removeLast();
    await this.#output.add(spare.key, spare.cell);
  }

  #areSumsZero(): boolean {
    const { summary, tally } = this.#sums;
    return summary.equals(new MerkleSummary()) && tally.encode().length === new RowTally().encode().length;
  }

  /** Adds the row to the sums, or takes it out. */
  #account(key: ByteRange, cell: ByteRange, sign: 1 | -1): void {
    const { summary, tally } = this.#sums;
    hashVersion(this.#hash, key, cell, this.#traits);
    const leaf = leafOfRow(key.bytes, key.start);
    if (sign === 1) summary.add(leaf, this.#hash);
    else summary.subtract(leaf, this.#hash);
    if (this.#traits.isTombstone(cell)) return;
    const expires = this.#traits.expiresAtMs(cell) !== NEVER_EXPIRES;
    tally.addRow(key.bytes, key.start, sign, expires ? sign : 0);
  }
}

/** Tables of level 0 by themselves, those of another level one after another. */
function sourcesOf(disk: Disk, directory: string, inputs: readonly TableEntry[]): TableChain[] {
  const chains: TableEntry[][] = [];
  for (const table of inputs) {
    const last = chains.at(-1);
    if (last !== undefined && table.level > 0 && last[0]!.level === table.level) last.push(table);
    else chains.push([table]);
  }
  const byKey = (a: TableEntry, b: TableEntry): number =>
    compareBytes(a.properties.smallestKey, b.properties.smallestKey);
  return chains.map((tables) => new TableChain(disk, directory, tables.sort(byKey)));
}

function copyOf({ bytes, start, end }: ByteRange): ByteRange {
  return { bytes: bytes.slice(start, end), start: 0, end: end - start };
}

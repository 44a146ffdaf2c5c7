/**
 * The tables that a compaction writes: cut at about the size asked for, where a slot ends if possible. Each carries the
 * sums of the slots from its own first one up to the next table's; the first and the last those beyond, too.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { SLOT_COUNT } from "../../../ring/slot.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { slotOfRow } from "../../row-key.ts";
import { type TableEntry, tableName } from "../manifest/table-entry.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { MerkleSummary, SLOT_LEAF_COUNT } from "../table/merkle-summary.ts";
import { type TableSettings, type TableSums, TableWriter } from "../table/table-writer.ts";

export interface OutputOptions {
  /** Of the tables. */
  readonly directory: string;
  /** File numbers `firstNumber` <= number < `endNumber`; with the last one, tables are cut no more. */
  readonly firstNumber: number;
  readonly endNumber: number;
  readonly tableBytes: number;
  readonly settings: TableSettings;
  readonly rest: Pick<TableEntry, "level" | "age" | "horizonMs">;
}

export class CompactionOutput {
  readonly tables: TableEntry[] = [];
  readonly #disk: Disk;
  readonly #traits: CellTraits;
  readonly #options: OutputOptions;
  readonly #sums: TableSums;
  #writer: TableWriter | undefined;
  #number: number;
  #lastSlot = 0;
  /** Sums of the slots before are in tables already. */
  #sumsFrom = 0;
  #hasRows = false;

  /** `sums` is read only as far as the rows have come: what lies before a row's slot must be final when it is added. */
  constructor(disk: Disk, traits: CellTraits, options: OutputOptions, sums: TableSums) {
    this.#disk = disk;
    this.#traits = traits;
    this.#options = options;
    this.#sums = sums;
    this.#number = options.firstNumber;
  }

  get hasRows(): boolean {
    return this.#hasRows;
  }

  /** Await the promise, if there is one, before the next call. */
  add(key: ByteRange, cell: ByteRange): void | Promise<void> {
    const slot = slotOfRow(key.bytes, key.start);
    if (this.#writer === undefined || this.#isFull(slot)) return this.#addToNext(key, cell, slot);
    this.#lastSlot = slot;
    return this.#writer.add(key, cell);
  }

  /** Resolves when all tables are durable, names included. */
  async finish(): Promise<readonly TableEntry[]> {
    await this.#finishTable(SLOT_COUNT);
    if (this.tables.length > 0) await this.#disk.syncDirectory(this.#options.directory);
    return this.tables;
  }

  /** Removes everything that was written. What cannot be removed goes at the next start. */
  async abandon(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.abandon().catch(() => undefined);
    for (const { number } of this.tables) {
      await this.#disk.remove(`${this.#options.directory}/${tableName(number)}`).catch(() => undefined);
    }
  }

  #isFull(slot: number): boolean {
    const { dataBytes } = this.#writer!;
    const { tableBytes, endNumber } = this.#options;
    if (dataBytes < tableBytes || this.#number >= endNumber) return false;
    return slot !== this.#lastSlot || dataBytes >= 2 * tableBytes;
  }

  async #addToNext(key: ByteRange, cell: ByteRange, slot: number): Promise<void> {
    const row = [copyOf(key), copyOf(cell)] as const; // the source may move on meanwhile
    await this.#finishTable(slot);
    const path = `${this.#options.directory}/${tableName(this.#number++)}`;
    const { settings, rest } = this.#options;
    this.#writer = await TableWriter.create(this.#disk, path, {
      traits: this.#traits,
      settings,
      origin: rest,
    });
    this.#hasRows = true;
    this.#lastSlot = slot;
    await this.#writer.add(...row);
  }

  /** The table gets the sums of all slots before `endSlot` that no other has. */
  async #finishTable(endSlot: number): Promise<void> {
    if (this.#writer === undefined) return;
    const summary = new MerkleSummary();
    summary.addSummary(this.#sums.summary, this.#sumsFrom * SLOT_LEAF_COUNT, endSlot * SLOT_LEAF_COUNT);
    const tally = this.#sums.tally.takeBelow(endSlot);
    this.#sumsFrom = endSlot;
    const metadata = await this.#writer.finish({ summary, tally });
    this.#writer = undefined;
    this.tables.push({ number: this.#number - 1, ...this.#options.rest, ...metadata });
  }
}

function copyOf({ bytes, start, end }: ByteRange): ByteRange {
  return { bytes: bytes.slice(start, end), start: 0, end: end - start };
}

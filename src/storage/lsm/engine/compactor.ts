/** Merges tables for as long as the picker finds some to merge, one compaction at a time. */
import type { StoreError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import type { Background, Clock } from "../../../runtime/runtime.ts";
import { type Compaction, type PickerSettings, pickCompaction } from "../compaction/picker.ts";
import { TaskControl } from "../compaction/task-control.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { bytesOfTables } from "../manifest/sorted-run.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import type { TableSettings } from "../table/table-writer.ts";
import { lowerTables, runsOf } from "./compaction-inputs.ts";
import { openNewTables } from "./new-tables.ts";
import type { OpenTables } from "./open-tables.ts";
import { isClosed, isCorruption, type OnFailure, type Retry } from "./retry.ts";
import type { TableChanges } from "./table-changes.ts";
import type { MergeTask } from "./table-merge.ts";

/** More numbers than outputs are likely to need: those left over are never used. */
const SPARE_NUMBERS = 4;

export interface CompactorOptions {
  readonly runtime: { readonly background: Background; readonly clock: Pick<Clock, "wallMs"> };
  readonly task: MergeTask;
  readonly picker: PickerSettings;
  readonly settings: TableSettings;
  readonly tableBytes: number;
  /** Where the tables are. */
  readonly directory: string;
  readonly manifest: Manifest;
  readonly tables: OpenTables;
  readonly changes: TableChanges;
  readonly logger: Logger;
  readonly retry: Retry;
  readonly closing: AbortSignal;
  readonly onFailure: OnFailure;
  /** There is a new version. */
  readonly onCompacted: () => void;
}

export class Compactor {
  /** Since the start. */
  compactionCount = 0;
  /** Compactions given up because a table was damaged. */
  damageCount = 0;
  writtenBytes = 0;
  readonly #options: CompactorOptions;
  readonly #control = new TaskControl();
  /** Tables that a damaged one was to be merged with, and that one: left as they are until the next start. */
  readonly #stuck = new Set<number>();
  #isRunning = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: CompactorOptions) {
    this.#options = options;
    options.closing.addEventListener("abort", () => this.#control.stop());
  }

  /** 0 for no limit. Holds for what is under way, too. */
  set bytesPerSecond(value: number) {
    this.#control.bytesPerSecond = value;
  }

  get runningTasks(): number {
    return this.#isRunning ? 1 : 0;
  }

  /** There may be something to merge. */
  wake(): void {
    if (!this.#isRunning) this.#work = this.#run();
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #run(): Promise<void> {
    const { tables, picker, changes, closing, runtime } = this.#options;
    this.#isRunning = true;
    try {
      while (!closing.aborted) {
        const state = { version: tables.version, busy: this.#stuck, horizonMs: runtime.clock.wallMs() };
        const compaction = pickCompaction(state, picker);
        if (compaction === undefined) return;
        await (compaction.kind === "move" ? this.#move(compaction) : this.#merge(compaction, changes.epoch));
      }
    } catch (cause) {
      if (!isClosed(cause)) throw cause;
    } finally {
      this.#isRunning = false;
    }
  }

  async #move({ inputs, targetLevel }: Compaction): Promise<void> {
    const outputs = inputs.map((table) => ({ ...table, level: targetLevel }));
    await this.#replace(inputs, outputs, this.#options.changes.epoch);
  }

  /** `epoch` is that in which the compaction was picked: when it is over, the inputs' files may be gone. */
  async #merge(compaction: Compaction, epoch: number): Promise<void> {
    const { tables, retry, changes, onFailure } = this.#options;
    const attempt = async (): Promise<readonly TableEntry[] | undefined> =>
      epoch === changes.epoch ? this.#write(compaction) : undefined;
    const outputs = await retry.run("a compaction", attempt, onFailure).catch((cause: unknown) => {
      if (!isCorruption(cause)) throw cause;
      if (epoch === changes.epoch) this.#giveUp(compaction, cause);
      return undefined;
    });
    if (outputs === undefined) return;
    if (!(await this.#replace(compaction.inputs, outputs, epoch))) tables.drop(outputs);
  }

  /** What is whole of the inputs can be read as before; only what they take up does not shrink. */
  #giveUp({ inputs }: Compaction, cause: StoreError): void {
    this.damageCount++;
    for (const { number } of inputs) this.#stuck.add(number);
    const tables = inputs.map(({ number }) => number);
    this.#options.logger.error(
      { cause, tables },
      "a table is damaged: it and its neighbours are not compacted",
    );
  }

  async #write(compaction: Compaction): Promise<readonly TableEntry[]> {
    const { runtime, task, settings, tableBytes, directory, tables, manifest } = this.#options;
    const { inputs, targetLevel } = compaction;
    const numberCount = Math.ceil(bytesOfTables(inputs) / tableBytes) + SPARE_NUMBERS;
    const firstNumber = manifest.takeFileNumbers(numberCount);
    const lower = lowerTables(tables.version, compaction);
    const outputs = await runtime.background.run(task, {
      directory,
      runs: runsOf(inputs),
      lower,
      level: targetLevel,
      horizonMs: lower.length === 0 ? runtime.clock.wallMs() : 0,
      firstNumber,
      endNumber: firstNumber + numberCount,
      tableBytes,
      settings,
      control: this.#control.shared,
    });
    this.writtenBytes += bytesOfTables(outputs);
    return openNewTables(tables, outputs, async () => outputs);
  }

  /** False if the inputs are no more. */
  #replace(inputs: readonly TableEntry[], outputs: readonly TableEntry[], epoch: number): Promise<boolean> {
    const { changes, onCompacted } = this.#options;
    const removed = inputs.map(({ number }) => number);
    return changes.make(
      () => (epoch === changes.epoch ? { removed, added: outputs } : undefined),
      () => {
        this.compactionCount++;
        onCompacted();
      },
    );
  }
}

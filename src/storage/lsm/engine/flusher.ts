/** Turns full memtables into tables, the oldest first, one at a time. */
import type { Runtime } from "../../../runtime/runtime.ts";
import type { LogWriter } from "../log/log-writer.ts";
import type { Memtable } from "../log/memtable.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import type { TableSettings, TableSums } from "../table/table-writer.ts";
import type { FlushTask } from "./memtable-flush.ts";
import type { Memtables } from "./memtables.ts";
import { openNewTables } from "./new-tables.ts";
import type { OpenTables } from "./open-tables.ts";
import { isClosed, type OnFailure, type Retry } from "./retry.ts";
import type { TableChanges } from "./table-changes.ts";

export interface FlusherOptions {
  readonly runtime: Pick<Runtime, "disk" | "background" | "clock">;
  readonly task: FlushTask;
  readonly settings: TableSettings;
  /** Where the tables are. */
  readonly directory: string;
  readonly memtables: Memtables;
  readonly manifest: Manifest;
  readonly tables: OpenTables;
  readonly changes: TableChanges;
  readonly log: LogWriter;
  readonly retry: Retry;
  readonly closing: AbortSignal;
  /**
   * The memtable's rows are read from a table from now on, which has these sums; it had no rows if undefined.
   */
  readonly onFlushed: (sums: TableSums | undefined) => void;
  readonly onFailure: OnFailure;
}

interface NewTable {
  readonly entry: TableEntry;
  readonly sums: TableSums;
}

export class Flusher {
  /** Since the start. */
  flushCount = 0;
  writtenBytes = 0;
  readonly #options: FlusherOptions;
  /** Tables of level 0 are merged soon, which unpacks them: so they are not packed first. */
  readonly #settings: TableSettings;
  #isRunning = false;
  #work: Promise<void> = Promise.resolve();
  #discards: Promise<void> = Promise.resolve();
  /** The memtable that another thread may be reading, and when it no longer is. */
  #reading: { readonly memtable: Memtable; readonly ended: Promise<unknown> } | undefined;

  constructor(options: FlusherOptions) {
    this.#options = options;
    this.#settings = { ...options.settings, packing: "stored" };
  }

  get runningTasks(): number {
    return this.#isRunning ? 1 : 0;
  }

  /** There may be a full memtable. */
  wake(): void {
    if (!this.#isRunning) this.#work = this.#run();
  }

  /**
   * Removes the log file of a segment whose rows are not needed there, and uses its buffer again: when no thread reads
   * it any more, for a clear drops even the memtable that is being written.
   */
  discard(memtable: Memtable): void {
    const { log, memtables, retry } = this.#options;
    const { number } = memtable.segment;
    this.#discards = this.#discards
      .then(() => retry.run(`removing log file ${number}`, () => log.discard(number)))
      .then(() => (this.#reading?.memtable === memtable ? this.#reading.ended : undefined))
      .then(() => memtables.recycle(memtable))
      .catch(ignoreClosed);
  }

  /** Resolves when nothing is under way. Requires: the engine is closing. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /**
   * Resolves when the log files that are not needed are gone. Requires: the log was closed, in good order.
   */
  async discarded(): Promise<void> {
    await this.#discards;
  }

  async #run(): Promise<void> {
    const { memtables, closing } = this.#options;
    this.#isRunning = true;
    await undefined; // whoever has filled a memtable in order to drop it, drops it first
    try {
      for (let next = memtables.full[0]; next !== undefined; next = memtables.full[0]) {
        if (closing.aborted) return;
        await this.#flush(next);
      }
    } catch (cause) {
      ignoreClosed(cause);
    } finally {
      this.#isRunning = false;
    }
  }

  async #flush(memtable: Memtable): Promise<void> {
    const { memtables, changes, tables, onFlushed } = this.#options;
    const isEmpty = memtable.rowCount === 0;
    const table = isEmpty ? undefined : await this.#writeTable(memtable);
    if (table === undefined && !isEmpty) return;
    const added = table === undefined ? [] : [table.entry];
    const isSeen = await changes.make(
      () => (memtables.full[0] === memtable ? { added, flushedLog: memtable.segment.number } : undefined),
      () => {
        memtables.retain(memtable);
        this.flushCount++;
        onFlushed(table?.sums);
      },
    );
    if (isSeen) this.discard(memtable);
    else tables.drop(added); // everything was cleared meanwhile
  }

  /**
   * Undefined if everything was cleared meanwhile: then there may be other rows in the memtable's buffer already, and
   * it must not be read once more.
   */
  #writeTable(memtable: Memtable): Promise<NewTable | undefined> {
    const { retry, memtables, onFailure } = this.#options;
    const attempt = async (): Promise<NewTable | undefined> =>
      memtables.full[0] === memtable ? this.#write(memtable) : undefined;
    return retry.run("a flush", attempt, onFailure);
  }

  async #write(memtable: Memtable): Promise<NewTable> {
    const { runtime, task, directory, tables, manifest } = this.#options;
    const settings = this.#settings;
    const { number: age, shared, sealedBytes } = memtable.segment;
    const number = manifest.takeFileNumbers(1);
    const path = tables.pathOf(number);
    const writing = runtime.background.run(task, { path, number: age, shared, sealedBytes, settings });
    this.#reading = { memtable, ended: writing.catch(() => undefined) };
    const metadata = await writing;
    this.writtenBytes += metadata.fileBytes;
    const entry = { ...metadata, number, level: 0, age, horizonMs: 0 };
    const rest = (): Promise<void> => new Promise((resolve) => runtime.clock.defer(resolve));
    return openNewTables(tables, [entry], async () => {
      await runtime.disk.syncDirectory(directory);
      return { entry, sums: await tables.loadSums(entry, rest) };
    });
  }
}

function ignoreClosed(cause: unknown): void {
  if (!isClosed(cause)) throw cause;
}

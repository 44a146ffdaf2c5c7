/**
 * Brings back the memtables that the commit log describes, when a node starts.
 *
 *   older files   were on the disk as a whole before the next was begun: anything else is damage
 *   newest file   may end in the torn tail of a write that a crash cut short, or in zeros; which is cut off
 *
 * Damage stops the start, unless it is to recover: then it is told beside the rows of what is whole, and the damaged
 * files are left as they are.
 */
import type { Disk } from "../../../runtime/runtime.ts";
import { corruption } from "../table/corruption.ts";
import { logName, logNumberOf } from "./log-name.ts";
import { type ReadLog, readLog } from "./log-reader.ts";
import { copyRows } from "./log-salvage.ts";
import type { Memtable } from "./memtable.ts";
import { DRAFT_SUFFIX } from "./replace-file.ts";
import { adoptRows } from "./row-adoption.ts";
import { Segment } from "./segment.ts";

export interface LogRecoveryOptions {
  readonly disk: Disk;
  /** Where the files are; it exists. */
  readonly directory: string;
  /** The oldest segment whose rows are nowhere else. Files of lower numbers are removed. */
  readonly firstNumber: number;
  /** Size of the newest segment's buffer, so that rows can be added to it. */
  readonly segmentBytes: number;
  /** Of the RowKeys that the memtables will be asked with. */
  readonly hashSeed: number;
  /** Go on with what is whole, instead of refusing damage. */
  readonly recover: boolean;
}

export interface RecoveredLog {
  /** Oldest first; their rows are all durable. Rows may be added to the last one unless there was damage. */
  readonly memtables: readonly Memtable[];
  /** The number of the next segment. */
  readonly nextNumber: number;
  /** Bytes of the newest file that were cut off. */
  readonly tornBytes: number;
  /** Told only if it was to recover. */
  readonly damage: readonly LogDamage[];
}

export interface LogDamage {
  readonly path: string;
  readonly offset: number;
  readonly what: string;
}

/** Throws StoreError CORRUPTION, naming file and offset, for damage unless it is to recover. */
export function recoverLog(options: LogRecoveryOptions): Promise<RecoveredLog> {
  return new LogRecovery(options).run();
}

class LogRecovery {
  readonly #options: LogRecoveryOptions;
  readonly #memtables: Memtable[] = [];
  readonly #damage: LogDamage[] = [];
  #tornBytes = 0;

  constructor(options: LogRecoveryOptions) {
    this.#options = options;
  }

  async run(): Promise<RecoveredLog> {
    const numbers = await this.#tidy();
    const newest = numbers.at(-1);
    let nextNumber = this.#options.firstNumber;
    for (const number of numbers) {
      while (nextNumber < number) this.#missing(nextNumber++);
      nextNumber = (await this.#read(number, number === newest)) ? number + 1 : number;
    }
    await this.#options.disk.syncDirectory(this.#options.directory);
    const damage = this.#damage;
    return { memtables: this.#memtables, nextNumber, tornBytes: this.#tornBytes, damage };
  }

  /** Numbers of the files that count, rising; the others are removed. */
  async #tidy(): Promise<number[]> {
    const { disk, directory, firstNumber } = this.#options;
    const numbers: number[] = [];
    for (const name of await disk.list(directory)) {
      const number = logNumberOf(name);
      if (number !== undefined && number >= firstNumber) numbers.push(number);
      else if (number !== undefined || name.endsWith(DRAFT_SUFFIX)) await disk.remove(`${directory}/${name}`);
    }
    return numbers.sort((a, b) => a - b);
  }

  /** False if there was nothing in the file, and it is gone. */
  async #read(number: number, isNewest: boolean): Promise<boolean> {
    const { disk, directory, segmentBytes } = this.#options;
    const log = await readLog(disk, { directory, number, isNewest, bytesMin: isNewest ? segmentBytes : 0 });
    if (log.verdict.kind === "damaged") {
      this.#recover(log, log.verdict.what);
      return true;
    }
    if (log.verdict.kind === "torn") this.#tornBytes += log.lengthBytes - log.wholeBytes;
    if (log.batches.length === 0) {
      await disk.remove(log.path); // a crash came before its first batch
      return false;
    }
    if (isNewest) await makeDurable(disk, log);
    this.#adopt(log);
    return true;
  }

  #adopt({ shared, wholeBytes, nextSequence, batches, path }: ReadLog): void {
    const segment = Segment.existing(shared, wholeBytes, nextSequence);
    this.#memtables.push(adoptRows(segment, batches, { hashSeed: this.#options.hashSeed, path }));
  }

  #recover(log: ReadLog, what: string): void {
    this.#note({ path: log.path, offset: log.wholeBytes, what });
    this.#memtables.push(copyRows(log, this.#options.hashSeed));
  }

  #missing(number: number): void {
    const path = `${this.#options.directory}/${logName(number)}`;
    this.#note({ path, offset: 0, what: "the file is missing" });
  }

  #note(damage: LogDamage): void {
    if (!this.#options.recover) throw corruption(damage.path, damage.offset, damage.what);
    this.#damage.push(damage);
  }
}

/** Cuts off the torn tail, or zeros: what the next start finds is what this one found, and more. */
async function makeDurable(disk: Disk, { path, wholeBytes, lengthBytes }: ReadLog): Promise<void> {
  const file = await disk.open(path, { create: false });
  try {
    if (lengthBytes > wholeBytes) await file.truncate(wholeBytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

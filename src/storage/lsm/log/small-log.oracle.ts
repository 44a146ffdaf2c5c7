/** A commit log with small segments and texts for keys and values, as tests want it. */
import { toText, utf8 } from "../../../base/bytes.ts";
import type { StoreError } from "../../../base/errors.ts";
import type { Runtime } from "../../../runtime/runtime.ts";
import { RowKey } from "../../row-key.ts";
import type { FsyncPolicy } from "./commit-plan.ts";
import { rowBytes } from "./log-format.ts";
import { type RecoveredLog, recoverLog } from "./log-recovery.ts";
import { LogWriter } from "./log-writer.ts";
import { Memtable } from "./memtable.ts";
import { MemtableScan } from "./memtable-scan.ts";
import { Segment } from "./segment.ts";

export const DIRECTORY = "/data/log";
const HASH_SEED = 7;
const rowKey = new RowKey(HASH_SEED);
const nothing = { flags: 0, hashLow: 0, hashHigh: 0 };

export interface SmallLogSettings {
  readonly policy: FsyncPolicy;
  readonly segmentBytes?: number;
  readonly firstNumber?: number;
  readonly recover?: boolean;
  readonly backlogBytesMax?: number;
  readonly silenceMsMax?: number;
}

export class SmallLog {
  /** What is told of trouble: "trouble: ..." and "recovery". */
  readonly notes: string[] = [];
  readonly recovered: RecoveredLog;
  readonly memtables: Memtable[];
  readonly writer: LogWriter;
  readonly #segmentBytes: number;
  readonly #random: Runtime["random"];

  private constructor(runtime: Runtime, recovered: RecoveredLog, settings: SmallLogSettings) {
    this.#random = runtime.random;
    this.#segmentBytes = settings.segmentBytes ?? 1 << 16;
    this.recovered = recovered;
    this.memtables = [...recovered.memtables];
    if (recovered.damage.length > 0 || this.memtables.length === 0) this.#begin(recovered.nextNumber);
    this.writer = new LogWriter({
      runtime,
      directory: DIRECTORY,
      segment: this.memtables.at(-1)!.segment,
      onTrouble: (cause: StoreError) => this.notes.push(`trouble: ${cause.message}`),
      onRecovery: () => this.notes.push("recovery"),
      ...settings,
    });
  }

  /** With what is in the files already. */
  static async open(runtime: Runtime, settings: SmallLogSettings): Promise<SmallLog> {
    await runtime.disk.makeDirectory(DIRECTORY);
    return new SmallLog(runtime, await recoverSmallLog(runtime, settings), settings);
  }

  put(key: string, value: string): void {
    if (this.writer.refusal !== undefined) throw this.writer.refusal;
    const bytes = utf8(value);
    const length = aim(key).length;
    if (!this.memtables.at(-1)!.segment.fits(length, bytes.length)) {
      this.rotate(Math.max(this.#segmentBytes, Segment.bytesFor(rowBytes(length, bytes.length))));
    }
    this.memtables.at(-1)!.put(aim(key), { bytes, start: 0, end: bytes.length }, nothing);
    this.writer.onPut();
  }

  rotate(sizeBytes = this.#segmentBytes): void {
    this.#begin(this.memtables.at(-1)!.segment.number + 1, sizeBytes);
    this.writer.rotate(this.memtables.at(-1)!.segment);
  }

  /** Puts and waits, as a client does. */
  async putDurably(key: string, value: string): Promise<void> {
    this.put(key, value);
    await this.writer.durable();
  }

  get rows(): Map<string, string> {
    return rowsOf(this.memtables);
  }

  #begin(number: number, sizeBytes = this.#segmentBytes): void {
    const shared = new SharedArrayBuffer(sizeBytes);
    this.memtables.push(new Memtable(new Segment(number, shared, this.#random.uint32())));
  }
}

export function recoverSmallLog(
  runtime: Runtime,
  settings: Partial<SmallLogSettings>,
): Promise<RecoveredLog> {
  const { firstNumber = 1, recover = false, segmentBytes = 1 << 16 } = settings;
  return recoverLog({
    disk: runtime.disk,
    directory: DIRECTORY,
    firstNumber,
    segmentBytes,
    hashSeed: HASH_SEED,
    recover,
  });
}

/** What the memtables hold, of each key the newest; by `get` and by scan alike. */
export function rowsOf(memtables: readonly Memtable[]): Map<string, string> {
  const rows = new Map<string, string>();
  const into = { bytes: new Uint8Array(0), start: 0, end: 0 };
  for (const memtable of memtables) {
    const scan = new MemtableScan(memtable, new Uint8Array(0), undefined);
    while (scan.next()) {
      const { key, cell } = scan;
      rowKey.load(key.bytes, key.start, key.end);
      const value = toText(cell.bytes.slice(cell.start, cell.end));
      const found = memtable.get(rowKey, into) && toText(into.bytes.slice(into.start, into.end));
      if (found !== value) throw new Error(`scan finds ${value}, get finds ${found}`);
      rows.set(textKey(key.bytes.slice(key.start, key.end)), value);
    }
  }
  return rows;
}

function aim(key: string): RowKey {
  const bytes = utf8(key);
  rowKey.encode(0, bytes, 0, bytes.length);
  return rowKey;
}

/** Of keys shorter than 128 bytes. */
function textKey(row: Uint8Array): string {
  return toText(row.slice(6));
}

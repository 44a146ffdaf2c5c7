/** What an LsmEngine is made of and how large its parts are. */
import type { Logger } from "../../../base/logger.ts";
import type { Background, Clock, Disk, Random } from "../../../runtime/runtime.ts";
import type { CellRules } from "../../storage-engine.ts";
import { DEFAULT_PICKER_SETTINGS, type PickerSettings } from "../compaction/picker.ts";
import type { FsyncPolicy } from "../log/commit-plan.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { DEFAULT_TABLE_SETTINGS, type TableSettings } from "../table/table-writer.ts";
import type { FlushTask } from "./memtable-flush.ts";
import type { MergeTask } from "./table-merge.ts";

export interface LsmEngineOptions {
  readonly runtime: {
    readonly disk: Disk;
    readonly clock: Clock;
    readonly background: Background;
    readonly random: Pick<Random, "uint32">;
  };
  /** The data directory; it is made if it is not there. */
  readonly directory: string;
  readonly rules: CellRules;
  readonly traits: CellTraits;
  /** Made with the same traits. */
  readonly tasks: { readonly flush: FlushTask; readonly merge: MergeTask };
  /** Of the RowKeys that the engine will be called with. */
  readonly hashSeed: number;
  readonly logger: Logger;
  readonly fsync: FsyncPolicy;
  /** Of a memtable. Requires: a multiple of 4. */
  readonly segmentBytes?: number;
  readonly cacheBytes?: number;
  /** About how large a table of level 1 or more is. */
  readonly tableBytes?: number;
  readonly tableSettings?: TableSettings;
  readonly picker?: PickerSettings;
  /** What compactions may read while they are not behind; 0 for no limit. */
  readonly compactionBytesPerSecond?: number;
  /** While the disk has not answered for so long, writers are refused; 0 to let them wait for ever. */
  readonly diskTimeoutMs?: number;
  /** Read every file, and go on with what is whole of a damaged directory, instead of refusing to start. */
  readonly recover?: boolean;
  /** Awaited, when it recovers, before rows that may have been there are gone for good. */
  readonly onLoss?: () => Promise<void>;
}

export const DEFAULT_LSM_SETTINGS = {
  segmentBytes: 64 * 1024 * 1024,
  cacheBytes: 64 * 1024 * 1024,
  tableBytes: 64 * 1024 * 1024,
  tableSettings: DEFAULT_TABLE_SETTINGS,
  picker: DEFAULT_PICKER_SETTINGS,
  compactionBytesPerSecond: 0,
  diskTimeoutMs: 10_000,
  recover: false,
  onLoss: () => Promise.resolve(),
};

export type LsmSettings = Required<LsmEngineOptions>;

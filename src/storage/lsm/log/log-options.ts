/** What a LogWriter is given, and what it counts. */
import type { StoreError } from "../../../base/errors.ts";
import type { Runtime } from "../../../runtime/runtime.ts";
import type { FsyncPolicy } from "./commit-plan.ts";
import type { Segment } from "./segment.ts";

export interface LogWriterOptions {
  readonly runtime: Pick<Runtime, "clock" | "disk">;
  /** Where the files are; it exists. */
  readonly directory: string;
  readonly policy: FsyncPolicy;
  /** Takes rows first. If it has sealed bytes already, they are in its file, durably. */
  readonly segment: Segment;
  /** With more than this in memory only, writers wait. */
  readonly backlogBytesMax?: number;
  /** After an awaited sync that was quicker, the next one is not given to another thread; 0 for none. */
  readonly quickSyncMs?: number;
  /** Writers are refused while a step of the log takes longer; 0 to let them wait for ever. */
  readonly silenceMsMax?: number;
  /** The log could not be written; told once until `onRecovery`. */
  readonly onTrouble?: (cause: StoreError) => void;
  readonly onRecovery?: () => void;
}

/** Since the start. */
export interface LogCounters {
  batches: number;
  writtenBytes: number;
  syncs: number;
  /** Spent in syncs, all together and in the last one. */
  syncMs: number;
  lastSyncTookMs: number;
  failures: number;
  /** Times that the disk did not answer for so long that writers were refused. */
  silences: number;
}

/**
 * Decides what the writer of the commit log does next with the oldest file that is not finished. Pure.
 *
 *   always     write and sync at once; what is put meanwhile gathers in the next batch (group commit)
 *   everysec   write a few milliseconds after the write before, sync a second after the sync before
 *   no         write as everysec does; sync a file once, when its segment is full
 *
 * A file is on the disk as a whole before the next one is begun: so only the newest file may have a torn tail.
 */

export type FsyncPolicy = "always" | "everysec" | "no";

export const WRITE_INTERVAL_MS = 5;
export const SYNC_INTERVAL_MS = 1000;

export interface LogState {
  readonly policy: FsyncPolicy;
  /** The file is open, and what it holds is known. */
  readonly isOpen: boolean;
  /** There are rows that are not in the file yet. */
  readonly hasUnwritten: boolean;
  /** There are bytes in the file that may not be on the disk yet. */
  readonly hasUnsynced: boolean;
  /** Nothing more will come into the segment. */
  readonly isEnding: boolean;
  readonly lastWriteMs: number;
  readonly lastSyncMs: number;
  /** After a failure: not before then. */
  readonly retryAtMs: number;
}

/** "wait": look again soon; "rest": look again when there are rows. */
export type LogStep = "open" | "write" | "sync" | "finish" | "wait" | "rest";

export function nextStep(state: LogState, nowMs: number): LogStep {
  const { hasUnwritten, hasUnsynced } = state;
  if (nowMs < state.retryAtMs) return "wait";
  if (!state.isOpen && (hasUnwritten || hasUnsynced)) return "open";
  if (hasUnsynced && isSyncDue(state, nowMs)) return "sync";
  if (hasUnwritten && isWriteDue(state, nowMs)) return "write";
  if (state.isEnding) return "finish";
  return hasUnwritten || (hasUnsynced && state.policy === "everysec") ? "wait" : "rest";
}

function isSyncDue({ policy, isEnding, hasUnwritten, lastSyncMs }: LogState, nowMs: number): boolean {
  if (policy === "always" || (isEnding && !hasUnwritten)) return true;
  return policy === "everysec" && nowMs - lastSyncMs >= SYNC_INTERVAL_MS;
}

function isWriteDue({ policy, isEnding, lastWriteMs }: LogState, nowMs: number): boolean {
  return policy === "always" || isEnding || nowMs - lastWriteMs >= WRITE_INTERVAL_MS;
}

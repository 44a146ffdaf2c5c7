/**
 * How much writers are slowed when flushes or compactions do not keep up: smoothly more, so that they settle at the
 * speed that these can bear instead of running into a wall. And how fast a compaction with a limit may go: the faster
 * the more it is behind, and without a limit once writers would have to wait for it.
 *
 *   delay  = base * x / (1 - x)         x = 0 at the start, 1 at the stop, of whichever measure is further
 *
 * Pure.
 */

export interface Backlog {
  /** That wait to be flushed. */
  readonly fullMemtables: number;
  readonly level0Count: number;
  /** Of picker.ts. */
  readonly debtBytes: number;
}

export interface SlowdownSettings {
  readonly fullMemtablesStart: number;
  readonly fullMemtablesStop: number;
  readonly level0CountStart: number;
  readonly level0CountStop: number;
  readonly debtBytesStart: number;
  readonly debtBytesStop: number;
}

export const DEFAULT_SLOWDOWN_SETTINGS: SlowdownSettings = {
  fullMemtablesStart: 1,
  fullMemtablesStop: 4,
  level0CountStart: 8,
  level0CountStop: 24,
  debtBytesStart: 8 * 1024 ** 3,
  debtBytesStop: 64 * 1024 ** 3,
};

/** Halfway to the stop, writers get 50 MiB a second. */
const BASE_MS_PER_MIB = 20;

/** At the start of the slow-down a compaction may go so many times as fast as its limit. */
const HASTE_MAX = 4;

/** How long writers wait per MiB written: 0 if nothing is behind, Infinity if nothing may be written now. */
export function delayMsPerMiB(
  backlog: Backlog,
  settings: SlowdownSettings = DEFAULT_SLOWDOWN_SETTINGS,
): number {
  const { fullMemtablesStart, fullMemtablesStop } = settings;
  const worst = Math.max(
    progress(backlog.fullMemtables, fullMemtablesStart, fullMemtablesStop),
    compactionProgress(backlog, settings),
  );
  return worst >= 1 ? Number.POSITIVE_INFINITY : (BASE_MS_PER_MIB * worst) / (1 - worst);
}

/** Bytes a second that compactions may read; 0 for no limit, as in `limit`, which holds while nothing is behind. */
export function compactionBytesPerSecond(
  limit: number,
  backlog: Backlog,
  settings: SlowdownSettings = DEFAULT_SLOWDOWN_SETTINGS,
): number {
  if (limit === 0 || compactionProgress(backlog, settings) > 0) return 0;
  const { level0CountStart, debtBytesStart } = settings;
  const haste = Math.max(backlog.level0Count / level0CountStart, backlog.debtBytes / debtBytesStart);
  return Math.ceil(limit * (1 + (HASTE_MAX - 1) * haste));
}

function compactionProgress({ level0Count, debtBytes }: Backlog, settings: SlowdownSettings): number {
  const byCount = progress(level0Count, settings.level0CountStart, settings.level0CountStop);
  return Math.max(byCount, progress(debtBytes, settings.debtBytesStart, settings.debtBytesStop));
}

function progress(value: number, start: number, stop: number): number {
  return Math.max(0, (value - start) / (stop - start));
}

/**
 * How much writers are slowed when compaction does not keep up: smoothly more, so that they settle at the speed that
 * it can bear instead of running into a wall.
 *
 *   delay  = base * x / (1 - x)         x = 0 at the start, 1 at the stop, of whichever measure is further
 *
 * Pure.
 */

export interface Backlog {
  readonly level0Count: number;
  /** Of picker.ts. */
  readonly debtBytes: number;
}

export interface SlowdownSettings {
  readonly level0CountStart: number;
  readonly level0CountStop: number;
  readonly debtBytesStart: number;
  readonly debtBytesStop: number;
}

export const DEFAULT_SLOWDOWN_SETTINGS: SlowdownSettings = {
  level0CountStart: 8,
  level0CountStop: 24,
  debtBytesStart: 8 * 1024 ** 3,
  debtBytesStop: 64 * 1024 ** 3,
};

/** Halfway to the stop, writers get 50 MiB a second. */
const BASE_MS_PER_MIB = 20;

/** How long writers wait per MiB written: 0 if nothing is behind, Infinity if nothing may be written now. */
export function delayMsPerMiB(
  { level0Count, debtBytes }: Backlog,
  settings: SlowdownSettings = DEFAULT_SLOWDOWN_SETTINGS,
): number {
  const byCount = progress(level0Count, settings.level0CountStart, settings.level0CountStop);
  const byDebt = progress(debtBytes, settings.debtBytesStart, settings.debtBytesStop);
  const worst = Math.max(byCount, byDebt);
  return worst >= 1 ? Number.POSITIVE_INFINITY : (BASE_MS_PER_MIB * worst) / (1 - worst);
}

function progress(value: number, start: number, stop: number): number {
  return Math.max(0, (value - start) / (stop - start));
}

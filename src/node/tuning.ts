/** Settings that no flag or file gives: they begin at these values, and CONFIG SET changes them. */

export interface Tuning {
  /** Rows looked at to find one worth evicting. */
  readonly evictionSamples: number;
  /** How much rarer each further step of a row's use counter is. */
  readonly lfuLogFactor: number;
  /** Minutes after which an unused row's counter loses a step; 0 for never. */
  readonly lfuDecayMinutes: number;
  /** Whether LATENCY HISTOGRAM and INFO latencystats show anything. */
  readonly showsLatency: boolean;
  /** Which percentiles INFO latencystats shows. */
  readonly latencyPercentiles: readonly number[];
}

export const DEFAULT_TUNING: Tuning = {
  evictionSamples: 5,
  lfuLogFactor: 10,
  lfuDecayMinutes: 1,
  showsLatency: true,
  latencyPercentiles: [50, 99, 99.9],
};

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
  /** A client with more unread replies than this, for so long, is closed; 0 bytes for no such limit. */
  readonly outputSoftLimit: { readonly bytes: number; readonly seconds: number };
  /** The limits of the classes of clients that there are not, by Redis's names: kept, and shown, as they were set. */
  readonly absentOutputLimits: { readonly slave: string; readonly pubsub: string };
  /** Of `maxmemory`, for all clients together, in place of `clientMemoryBytesMax`; 0 for that. */
  readonly clientMemoryPercent: number;
}

export const DEFAULT_TUNING: Tuning = {
  evictionSamples: 5,
  lfuLogFactor: 10,
  lfuDecayMinutes: 1,
  showsLatency: true,
  latencyPercentiles: [50, 99, 99.9],
  outputSoftLimit: { bytes: 0, seconds: 0 },
  absentOutputLimits: { slave: "268435456 67108864 60", pubsub: "33554432 8388608 60" },
  clientMemoryPercent: 0,
};

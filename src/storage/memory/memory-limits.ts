/** What bounds the rows of a memory engine. */
import type { EvictionPolicy } from "../../base/eviction-policy.ts";

export interface MemoryLimits {
  /** What rows and their index may take; 0 for no limit. */
  readonly memoryBytesMax: number;
  readonly evictionPolicy: EvictionPolicy;
  /** Rows looked at for each that goes: more is a better choice and more work. Redis's `maxmemory-samples`. */
  readonly evictionSamples: number;
  /** Redis's `lfu-log-factor`. */
  readonly lfuLogFactor: number;
  /** Redis's `lfu-decay-time`; 0 for no decay. */
  readonly lfuDecayMinutes: number;
}

export const DEFAULT_LIMITS: MemoryLimits = {
  memoryBytesMax: 0,
  evictionPolicy: "noeviction",
  evictionSamples: 5,
  lfuLogFactor: 10,
  lfuDecayMinutes: 1,
};

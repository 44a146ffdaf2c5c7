/** Slows writers, and lets compactions go faster, by how far flushes and compactions are behind. */
import { debtBytes, type PickerSettings } from "../compaction/picker.ts";
import { compactionBytesPerSecond, delayMsPerMiB } from "../compaction/slowdown.ts";
import type { Compactor } from "./compactor.ts";
import type { Memtables } from "./memtables.ts";
import type { OpenTables } from "./open-tables.ts";
import type { WriteThrottle } from "./write-throttle.ts";

export interface BackpressureOptions {
  readonly memtables: Memtables;
  readonly tables: OpenTables;
  readonly picker: PickerSettings;
  readonly throttle: WriteThrottle;
  readonly compactor: Compactor;
}

export class Backpressure {
  readonly #options: BackpressureOptions;
  #compactionLimit: number;

  /** `compactionLimit`: what compactions may read while they are not behind; 0 for no limit. */
  constructor(options: BackpressureOptions, compactionLimit: number) {
    this.#options = options;
    this.#compactionLimit = compactionLimit;
  }

  set compactionLimit(limit: number) {
    this.#compactionLimit = limit;
    this.adjust();
  }

  /** To be called whenever memtables or tables have come or gone. */
  adjust(): void {
    const { memtables, tables, picker, throttle, compactor } = this.#options;
    const { version } = tables;
    const backlog = {
      fullMemtables: memtables.full.length,
      level0Count: version.level0.length,
      debtBytes: debtBytes(version, picker),
    };
    throttle.msPerMiB = delayMsPerMiB(backlog);
    compactor.bytesPerSecond = compactionBytesPerSecond(this.#compactionLimit, backlog);
  }
}

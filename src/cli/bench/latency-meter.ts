/** How long the operations of a load took, by kind, in microseconds with three significant digits. Hot. */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";
import { OPERATIONS, type Operation } from "./workload.ts";

const COUNT_BITS = 64;
const MICROS_MAX = 3_600_000_000;
export const PERCENTILES = [50, 90, 99, 99.9, 99.99] as const;

export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  /** By percentile: "50", "99.9". */
  readonly percentilesMs: Readonly<Record<string, number>>;
  readonly maxMs: number;
}

/** What a meter has counted, to be sent elsewhere: by kind, a histogram in HdrHistogram's own format. */
export type LatencyRecord = readonly (readonly [kind: number, histogram: string])[];

export class LatencyMeter {
  /** Operations recorded since the last reset. */
  count = 0;
  readonly #byKind: readonly Histogram[] = OPERATIONS.map(newHistogram);

  /** `kind`: the operation's place in OPERATIONS; `count` of them took `ms`. */
  note(kind: number, ms: number, count: number): void {
    this.count += count;
    this.#byKind[kind]!.recordValueWithCount(Math.min(Math.max(1, Math.round(ms * 1000)), MICROS_MAX), count);
  }

  /** All that those have counted which made these records. */
  static of(records: readonly LatencyRecord[]): LatencyMeter {
    const meter = new LatencyMeter();
    for (const [kind, text] of records.flat()) {
      const histogram = decodeFromCompressedBase64(text, COUNT_BITS);
      meter.count += histogram.totalCount;
      meter.#byKind[kind]!.add(histogram);
    }
    return meter;
  }

  record(): LatencyRecord {
    return this.#byKind.flatMap((histogram, kind) =>
      histogram.totalCount === 0 ? [] : [[kind, encodeIntoCompressedBase64(histogram)] as const],
    );
  }

  reset(): void {
    this.count = 0;
    for (const histogram of this.#byKind) histogram.reset();
  }

  /** Operations that took place, each with its summary. */
  byOperation(): readonly (readonly [Operation, LatencySummary])[] {
    return OPERATIONS.flatMap((operation, kind) => {
      const histogram = this.#byKind[kind]!;
      return histogram.totalCount === 0 ? [] : [[operation, summaryOf(histogram)] as const];
    });
  }

  all(): LatencySummary {
    return summaryOf(this.#sum());
  }

  /**
   * As `all`, with what a closed loop leaves out: while a request took longer than half of all do, its client would
   * have sent others, which would have waited too ("coordinated omission", Gil Tene). A load at a given rate
   * needs no such guess: there every latency counts from the moment at which the request was due.
   */
  allCorrected(): LatencySummary {
    const sum = this.#sum();
    const expectedMicros = sum.getValueAtPercentile(50);
    const corrected = newHistogram();
    corrected.addWhileCorrectingForCoordinatedOmission(sum, Math.max(1, expectedMicros));
    return summaryOf(corrected);
  }

  #sum(): Histogram {
    const sum = newHistogram();
    for (const histogram of this.#byKind) if (histogram.totalCount > 0) sum.add(histogram);
    return sum;
  }
}

function newHistogram(): Histogram {
  return build({
    highestTrackableValue: MICROS_MAX,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: COUNT_BITS,
  });
}

function summaryOf(histogram: Histogram): LatencySummary {
  const percentiles = PERCENTILES.map((percent) => [
    String(percent),
    histogram.getValueAtPercentile(percent) / 1000,
  ]);
  return {
    count: histogram.totalCount,
    meanMs: histogram.mean / 1000,
    percentilesMs: Object.fromEntries(percentiles),
    maxMs: histogram.maxValue / 1000,
  };
}

/**
 * A metric as one value: its name, by Prometheus's conventions, what it means, and how its samples are got. Nothing is kept
 * for it: what is counted is counted where it happens, and looked at when somebody asks.
 */
import type { LatencyHistogram } from "../../base/latency-histogram.ts";
import type { MetricSource } from "./metric-source.ts";

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly value: number;
  readonly labels?: Labels;
  /** Of histograms and summaries. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  /** One sentence. */
  readonly help: string;
  readonly labels?: readonly string[];
  collect(source: MetricSource): readonly Sample[];
}

export const one = (value: number): readonly Sample[] => [{ value }];

/** A sample for each declared keyspace. */
export function perKeyspace(measure: (source: MetricSource, keyspace: string) => number) {
  return (source: MetricSource): readonly Sample[] =>
    source.server.keyspaces.all.map(({ name }) => ({
      labels: { keyspace: name },
      value: measure(source, name),
    }));
}

/** From 16 microseconds to half a minute, two bounds for each doubling. */
export const BOUNDS_MICROS: readonly number[] = Array.from({ length: 21 }, (_, i) => [
  16 * 2 ** i,
  24 * 2 ** i,
]).flat();

const QUANTILES = [50, 99, 99.9] as const;

export function histogramSamples(times: LatencyHistogram, labels: Labels): readonly Sample[] {
  const counts = times.cumulativeUpTo(BOUNDS_MICROS);
  const buckets = BOUNDS_MICROS.map((bound, i): Sample => {
    return { suffix: "_bucket", labels: { ...labels, le: String(bound / 1e6) }, value: counts[i]! };
  });
  return [
    ...buckets,
    { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: times.count },
    { suffix: "_sum", labels, value: times.sumMicros / 1e6 },
    { suffix: "_count", labels, value: times.count },
  ];
}

/** Quantiles of what was recorded lately; sum and count of all. */
export function summarySamples(
  recent: LatencyHistogram,
  all: LatencyHistogram,
  labels: Labels,
): readonly Sample[] {
  return [
    ...QUANTILES.map((percent): Sample => {
      const value = recent.count === 0 ? Number.NaN : recent.percentileMicros(percent) / 1e6;
      return { labels: { ...labels, quantile: String(percent / 100) }, value };
    }),
    { suffix: "_sum", labels, value: all.sumMicros / 1e6 },
    { suffix: "_count", labels, value: all.count },
  ];
}

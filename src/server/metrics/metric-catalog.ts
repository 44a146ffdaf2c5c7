/** All metrics, those that matter most first; docs/metrics.md lists them. And their text, as Prometheus reads it. */
import { type Metric as LibraryMetric, Registry } from "prom-client";
import { CLUSTER_METRICS, LAG_METRIC } from "./cluster-metrics.ts";
import { CONFLICT_METRICS } from "./conflict-metrics.ts";
import type { Metric } from "./metric.ts";
import type { MetricSource } from "./metric-source.ts";
import { CPU_METRICS, PROCESS_METRICS } from "./program-metrics.ts";
import { LATENCY_METRICS, REQUEST_METRICS } from "./request-metrics.ts";
import { STORAGE_METRICS } from "./storage-metrics.ts";

export const METRICS: readonly Metric[] = [
  ...LATENCY_METRICS.slice(0, 1),
  LAG_METRIC,
  ...CPU_METRICS,
  ...LATENCY_METRICS.slice(1),
  ...REQUEST_METRICS,
  ...CLUSTER_METRICS,
  ...CONFLICT_METRICS,
  ...STORAGE_METRICS,
  ...PROCESS_METRICS,
];

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** The text of all metrics as they are when it is asked for. Those without a sample are left out. */
export async function metricsText(source: MetricSource, metrics = METRICS): Promise<string> {
  const registry = new Registry();
  for (const { name, help, type, collect } of metrics) {
    const samples = collect(source);
    if (samples.length === 0) continue;
    const values = samples.map(({ value, labels = {}, suffix = "" }) => {
      return { value, labels, metricName: `${name}${suffix}` };
    });
    const made = { name, help, type, get: async () => ({ name, help, type, values }) };
    // The library knows its own classes only, though it asks no more of them than this.
    registry.registerMetric(made as unknown as LibraryMetric);
  }
  return registry.metrics();
}

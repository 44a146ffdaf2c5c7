/** How busy the node is: for Prometheus, and for charts. */
import { METRICS_TYPE, metricsText } from "../../metrics/metric-catalog.ts";
import { metricHistory, metricSummary } from "../../metrics/metric-summary.ts";
import { SAMPLES_MAX } from "../../metrics/sampler.ts";
import { type AdminRoute, countIn, json } from "../admin-route.ts";

const metrics: AdminRoute = {
  method: "get",
  path: "/metrics",
  summary: "All metrics in Prometheus's text format.",
  type: "text/plain",
  answer: async (parts) =>
    new Response(await metricsText(parts.metrics), { headers: { "content-type": METRICS_TYPE } }),
};

const summary: AdminRoute = {
  method: "get",
  path: "/api/metrics/summary",
  summary:
    "What a person looks at first: evictions, replication lag, processor, latencies, and what repairs itself.",
  answer: (parts) => json(metricSummary(parts.metrics)),
};

const history: AdminRoute = {
  method: "get",
  path: "/api/metrics/history",
  summary: "The same over the last ten minutes, one sample a second, as series for charts.",
  query: { seconds: `how many; ${SAMPLES_MAX}, which is all there are, if not given` },
  answer: (parts, request) =>
    json(
      metricHistory(parts.metrics, countIn(request, "seconds", { fallback: SAMPLES_MAX, max: SAMPLES_MAX })),
    ),
};

export const METRIC_ROUTES: readonly AdminRoute[] = [metrics, summary, history];

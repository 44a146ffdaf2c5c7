/** The process, and its event loop. */

import { VERSION } from "../../node/version.ts";
import type { ProgramGauges } from "../../runtime/program-gauges.ts";
import { type Metric, one, type Sample } from "./metric.ts";
import type { MetricSource } from "./metric-source.ts";

/** What only a real process has samples of. */
function measured(collect: (gauges: ProgramGauges, source: MetricSource) => readonly Sample[]) {
  return (source: MetricSource): readonly Sample[] =>
    source.gauges === undefined ? [] : collect(source.gauges, source);
}

export const CPU_METRICS: readonly Metric[] = [
  {
    name: "process_cpu_seconds_total",
    type: "counter",
    help: "Processor time of the process, all its threads.",
    collect: ({ server }) => {
      const { user, system } = server.runtime.host.cpuSeconds();
      return one(user + system);
    },
  },
  {
    name: "process_cpu_user_seconds_total",
    type: "counter",
    help: "Of that, in the program itself.",
    collect: ({ server }) => one(server.runtime.host.cpuSeconds().user),
  },
  {
    name: "process_cpu_system_seconds_total",
    type: "counter",
    help: "Of that, in the operating system.",
    collect: ({ server }) => one(server.runtime.host.cpuSeconds().system),
  },
  {
    name: "kvorum_event_loop_busy_seconds_total",
    type: "counter",
    help: "How long the event loop has worked; its rate is the utilisation, and requests wait when it nears 1.",
    collect: measured((gauges) => one(gauges.loopTimes().busyMs / 1000)),
  },
  {
    name: "kvorum_event_loop_utilization_ratio",
    type: "gauge",
    help: "The same over the last second, 0 to 1.",
    collect: measured((_, { sampler }) => one(sampler.latest?.loopUtilization ?? 0)),
  },
  {
    name: "kvorum_event_loop_delay_seconds",
    type: "gauge",
    help: "How late the event loop came to what was due in the last second: half of the times, 99 of 100, at most.",
    labels: ["rank"],
    collect: measured((_, { sampler: { latest } }) => {
      const { p50Ms = 0, p99Ms = 0, maxMs = 0 } = latest?.loopDelay ?? {};
      const of = (rank: string, ms: number): Sample => ({ labels: { rank }, value: ms / 1000 });
      return [of("p50", p50Ms), of("p99", p99Ms), of("max", maxMs)];
    }),
  },
  {
    name: "kvorum_worker_threads",
    type: "gauge",
    help: "Threads for flushes and compactions, by what they do, and tasks that wait for one.",
    labels: ["state"],
    collect: ({ server }) => {
      const { threads = 0, running = 0, waiting = 0 } = server.runtime.background.usage?.() ?? {};
      const of = (state: string, value: number): Sample => ({ labels: { state }, value });
      return [of("running", running), of("idle", threads - running), of("waiting", waiting)];
    },
  },
  {
    name: "kvorum_worker_cpu_seconds_total",
    type: "counter",
    help: "Processor time of these threads; process_cpu_seconds_total has it, too. Only where the system tells it of threads.",
    collect: ({ server }) => {
      const cpuMs = server.runtime.background.usage?.().cpuMs;
      return cpuMs === undefined ? [] : one(cpuMs / 1000);
    },
  },
  {
    name: "kvorum_worker_busy_seconds_total",
    type: "counter",
    help: "How long these threads have worked.",
    collect: ({ server }) => one((server.runtime.background.usage?.().busyMs ?? 0) / 1000),
  },
];

export const PROCESS_METRICS: readonly Metric[] = [
  {
    name: "process_resident_memory_bytes",
    type: "gauge",
    help: "Memory of the process that is not swapped out.",
    collect: ({ server }) => one(server.runtime.host.residentBytes()),
  },
  {
    name: "process_start_time_seconds",
    type: "gauge",
    help: "When the process began, in seconds since the Unix epoch.",
    collect: measured((gauges) => one(gauges.startedAtMs / 1000)),
  },
  {
    name: "process_max_fds",
    type: "gauge",
    help: "Files and sockets that the process may have open.",
    collect: ({ server }) => {
      const { openFilesMax } = server.runtime.host;
      return Number.isFinite(openFilesMax) ? one(openFilesMax) : [];
    },
  },
  {
    name: "nodejs_heap_used_bytes",
    type: "gauge",
    help: "JavaScript's heap, as far as it is used.",
    collect: measured((gauges) => one(gauges.heapBytes().used)),
  },
  {
    name: "nodejs_external_memory_bytes",
    type: "gauge",
    help: "Memory outside that heap that JavaScript holds: buffers, among them rows in memory.",
    collect: measured((gauges) => one(gauges.heapBytes().external)),
  },
  {
    name: "kvorum_trace_spans_total",
    type: "counter",
    help: "Spans of traces, by whether the collector has them; none without --trace-endpoint.",
    labels: ["result"],
    collect: ({ server: { tracing } }) =>
      tracing === undefined
        ? []
        : [
            { labels: { result: "sent" }, value: tracing.exporter.sentCount },
            { labels: { result: "dropped" }, value: tracing.exporter.droppedCount },
          ],
  },
  {
    name: "kvorum_build_info",
    type: "gauge",
    help: "Always 1: which version runs.",
    labels: ["version", "nodejs"],
    collect: ({ gauges }) => [{ labels: { version: VERSION, nodejs: gauges?.nodeVersion ?? "" }, value: 1 }],
  },
];

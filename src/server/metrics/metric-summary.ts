/** `/api/metrics/summary` and `/api/metrics/history`: what a person looks at first, ready to be drawn. */
import type { LatencyHistogram } from "../../base/latency-histogram.ts";
import type { Server } from "../server.ts";
import { COMMAND_FAMILIES } from "./command-family.ts";
import { conflictSummary } from "./conflict-metrics.ts";
import type { MetricSource } from "./metric-source.ts";
import { lagsByDatacenter, replicationLags } from "./replication-lag.ts";
import { PHASES, WINDOW_SECONDS } from "./request-times.ts";
import { type MetricSample, SAMPLE_MS } from "./sampler.ts";

/** Latencies are those of the last ten seconds; rates those of the last second. */
export function metricSummary({ server, times, sampler }: MetricSource) {
  const { node, runtime, sessions } = server;
  const { latest } = sampler;
  const lags = node.cluster === undefined ? [] : replicationLags(node.cluster, runtime.clock);
  const perKeyspace = <T>(tell: (name: string) => T): Record<string, T> =>
    Object.fromEntries(server.keyspaces.all.map(({ name }) => [name, tell(name)]));
  const families = COMMAND_FAMILIES.map((family) => [family, times.recent(family)] as const);
  return {
    atMs: latest?.atMs ?? runtime.clock.wallMs(),
    evictionsPerSecond: perKeyspace((name) => latest?.keyspaceEvictions.get(name) ?? 0),
    conflicts: perKeyspace((name) => conflictSummary(server, name)),
    replicationLagSeconds: Object.fromEntries(lags.map(({ id, seconds }) => [id, seconds])),
    datacenterLagSeconds: lagsByDatacenter(lags),
    cpu: {
      user: latest?.cpuUser ?? 0,
      system: latest?.cpuSystem ?? 0,
      eventLoopUtilization: latest?.loopUtilization ?? 0,
      eventLoopDelayP99Ms: latest?.loopDelay.p99Ms ?? 0,
      workers: runtime.background.usage?.().running ?? 0,
    },
    latencyMs: Object.fromEntries(
      families
        .filter(([, recent]) => recent.count > 0)
        .map(([family, recent]) => [
          family,
          { ...quantilesOf(recent), perSecond: recent.count / WINDOW_SECONDS },
        ]),
    ),
    phases: Object.fromEntries(PHASES.map((phase) => [phase, quantilesOf(times.recent(phase))])),
    opsPerSecond: latest?.operations ?? 0,
    errorsPerSecond: latest?.errors ?? 0,
    hitRate: hitRateOf(server),
    connections: sessions.size,
    ...replicationSummary(server),
    compaction: compactionSummary(server),
    diskRoom: server.node.disk ? (runtime.host.diskRoom(server.node.disk.directory.path) ?? null) : null,
  };
}

function quantilesOf(times: LatencyHistogram) {
  const millis = (percent: number): number => times.percentileMicros(percent) / 1000;
  return { p50: millis(50), p99: millis(99), p999: millis(99.9) };
}

/** Null while nothing was read. */
function hitRateOf({ node }: Server): number | null {
  const { hits, misses } = node.replica.lookups;
  return hits + misses === 0 ? null : hits / (hits + misses);
}

function replicationSummary({ node: { cluster } }: Server) {
  const hints = cluster?.hints.statistics;
  const totals = cluster?.repair.totals;
  return {
    hints: {
      kept: hints?.addedCount ?? 0,
      delivered: hints?.deliveredCount ?? 0,
      dropped: hints === undefined ? 0 : hints.overdueCount + hints.givenUpCount + hints.refusedCount,
      pending: hints?.count ?? 0,
    },
    readRepairs: cluster?.coordinator.tallies.readRepairs ?? 0,
    antiEntropy: {
      rounds: totals?.exchanges ?? 0,
      compared: totals?.rows ?? 0,
      moved: totals === undefined ? 0 : totals.pulled + totals.pushed,
    },
  };
}

/** Null with storage memory. */
function compactionSummary({ node: { disk } }: Server) {
  if (disk === undefined) return null;
  const { compactionDebtBytes, compactionCount, compactedBytes, flushedBytes, writeWaitMs, log } =
    disk.engine.statistics;
  return {
    backlogBytes: compactionDebtBytes,
    compactions: compactionCount,
    writtenBytes: compactedBytes,
    writeAmplification: log.writtenBytes === 0 ? 1 : 1 + (flushedBytes + compactedBytes) / log.writtenBytes,
    stallSeconds: writeWaitMs / 1000,
  };
}

/** The last so many seconds, oldest first, one number for each second in every series. */
export function metricHistory({ sampler }: MetricSource, seconds: number) {
  const samples = sampler.samples.slice(-seconds);
  const series = (measure: (sample: MetricSample) => number): readonly number[] => samples.map(measure);
  return {
    stepMs: SAMPLE_MS,
    series: {
      times: series(({ atMs }) => atMs),
      ops: series(({ operations }) => operations),
      errors: series(({ errors }) => errors),
      p50: series(({ p50Ms }) => p50Ms),
      p99: series(({ p99Ms }) => p99Ms),
      p999: series(({ p999Ms }) => p999Ms),
      evictions: series(({ evictions }) => evictions),
      lag: series(({ lagSeconds }) => lagSeconds),
      cpu: series(({ cpuUser, cpuSystem }) => cpuUser + cpuSystem),
      loop: series(({ loopUtilization }) => loopUtilization),
    },
  };
}

/**
 * The sections of INFO: names and fields are Redis 7.0's as far as they mean something here, since people's
 * dashboards read them. What Kvorum does not have at all (replicas, scripts, forks) is left out or says so by
 * the value that Redis shows for nothing.
 */
import type { StorageNode } from "../node/node.ts";
import { DATABASE_COUNT } from "../node/settings.ts";
import { VERSION } from "../node/version.ts";
import type { AnnexStatus } from "../storage/divided/annex.ts";
import { clusterFields } from "./cluster-fields.ts";
import type { CommandEntry } from "./command-table.ts";
import { diskFields, type Field, persistenceFields } from "./persistence-fields.ts";
import { REDIS_VERSION } from "./redis-version.ts";
import type { Server } from "./server.ts";

export interface Section {
  /** Lower case, as INFO's argument. */
  readonly name: string;
  /** Shown by INFO alone: the others must be asked for. */
  readonly isDefault: boolean;
  fields(server: Server): readonly Field[];
}

const DAY_SECONDS = 86_400;
const LRU_CLOCK_MAX = 2 ** 24;

function serverFields({
  runtime,
  settings,
  node,
  cluster,
  port,
  runId,
  startedMs,
  admin,
}: Server): readonly Field[] {
  const openFilesMax = Number.isFinite(runtime.host.openFilesMax) ? runtime.host.openFilesMax : 0; // 0: nobody says
  const wallMs = runtime.clock.wallMs();
  const upSeconds = Math.max(0, Math.floor((wallMs - startedMs) / 1000));
  return [
    ["redis_version", REDIS_VERSION],
    ["kvorum_version", VERSION],
    ["redis_git_sha1", "00000000"],
    ["redis_git_dirty", 0],
    ["redis_build_id", "0"],
    ["redis_mode", cluster === undefined ? "standalone" : "cluster"],
    ["os", runtime.host.platform],
    ["arch_bits", 64],
    ["process_id", runtime.host.processId],
    ["process_supervised", "no"],
    ["run_id", runId],
    ["tcp_port", port],
    ["server_time_usec", wallMs * 1000],
    ["uptime_in_seconds", upSeconds],
    ["uptime_in_days", Math.floor(upSeconds / DAY_SECONDS)],
    ["hz", 10],
    ["configured_hz", 10],
    ["lru_clock", Math.floor(wallMs / 1000) % LRU_CLOCK_MAX],
    ["executable", ""],
    ["config_file", ""],
    ["io_threads_active", 0],
    ["kvorum_storage", settings.storage],
    ["kvorum_admin_port", admin?.port ?? 0],
    ["kvorum_open_files_max", openFilesMax],
    ["kvorum_actor", node.actor.toString(16).padStart(16, "0")],
  ];
}

function clientFields({ sessions, limits }: Server): readonly Field[] {
  const all = [...sessions.values()];
  const greatest = (sizes: readonly number[]): number => sizes.reduce((a, b) => Math.max(a, b), 0);
  return [
    ["connected_clients", all.length],
    ["cluster_connections", 0],
    ["maxclients", limits.clientsMax],
    ["client_recent_max_input_buffer", greatest(all.map(({ decoder }) => decoder.heldBytes))],
    ["client_recent_max_output_buffer", greatest(all.map(({ connection }) => connection.unsentBytes))],
    ["blocked_clients", all.filter(({ isBlocked }) => isBlocked).length],
    ["tracking_clients", 0],
    ["clients_in_timeout_table", 0],
  ];
}

function memoryFields(server: Server): readonly Field[] {
  const { runtime, settings, clientBytes } = server;
  const { usedBytes, peakBytes } = server.measureMemory();
  const { memoryBytes, liveBytes } = server.node.engine.statistics;
  const residentBytes = runtime.host.residentBytes();
  const totalBytes = runtime.host.totalMemoryBytes();
  return [
    ["used_memory", usedBytes],
    ["used_memory_human", humanSize(usedBytes)],
    ["used_memory_rss", residentBytes],
    ["used_memory_rss_human", humanSize(residentBytes)],
    ["used_memory_peak", peakBytes],
    ["used_memory_peak_human", humanSize(peakBytes)],
    ["used_memory_peak_perc", percent(usedBytes, peakBytes)],
    ["used_memory_overhead", usedBytes - liveBytes],
    ["used_memory_startup", 0],
    ["used_memory_dataset", liveBytes],
    ["used_memory_dataset_perc", percent(liveBytes, usedBytes)],
    ["allocator_allocated", liveBytes],
    ["allocator_active", memoryBytes],
    ["allocator_resident", memoryBytes],
    ["total_system_memory", totalBytes],
    ["total_system_memory_human", humanSize(totalBytes)],
    ["used_memory_lua", 0],
    ["used_memory_lua_human", humanSize(0)],
    ["used_memory_scripts", 0],
    ["used_memory_scripts_human", humanSize(0)],
    ["number_of_cached_scripts", 0],
    ["maxmemory", settings.maxmemoryBytes],
    ["maxmemory_human", humanSize(settings.maxmemoryBytes)],
    ["maxmemory_policy", settings.evictionPolicy],
    ["allocator_frag_ratio", (memoryBytes / Math.max(1, liveBytes)).toFixed(2)],
    ["allocator_frag_bytes", memoryBytes - liveBytes],
    ["rss_overhead_ratio", (residentBytes / Math.max(1, memoryBytes)).toFixed(2)],
    ["rss_overhead_bytes", residentBytes - memoryBytes],
    ["mem_fragmentation_ratio", (residentBytes / Math.max(1, usedBytes)).toFixed(2)],
    ["mem_fragmentation_bytes", residentBytes - usedBytes],
    ["mem_not_counted_for_evict", clientBytes],
    ["mem_replication_backlog", 0],
    ["mem_clients_slaves", 0],
    ["mem_clients_normal", clientBytes],
    ["mem_cluster_links", 0],
    ["mem_aof_buffer", 0],
    ["mem_allocator", "v8"],
    ["active_defrag_running", 0],
    ["lazyfree_pending_objects", 0],
    ["lazyfreed_objects", 0],
  ];
}

function statisticFields({ statistics, node }: Server): readonly Field[] {
  const { expiredRows, evictedRows } = node.engine.statistics;
  const { hits, misses } = node.replica.lookups;
  const kilobytes = (bytes: number): string => (bytes / 1024).toFixed(2);
  return [
    ["total_connections_received", statistics.connections],
    ["total_commands_processed", statistics.commands],
    ["instantaneous_ops_per_sec", statistics.commandsPerSecond],
    ["total_net_input_bytes", statistics.bytesIn],
    ["total_net_output_bytes", statistics.bytesOut],
    ["instantaneous_input_kbps", kilobytes(statistics.bytesInPerSecond)],
    ["instantaneous_output_kbps", kilobytes(statistics.bytesOutPerSecond)],
    ["rejected_connections", statistics.rejectedConnections],
    ["sync_full", 0],
    ["sync_partial_ok", 0],
    ["sync_partial_err", 0],
    ["expired_keys", expiredRows - statistics.expiredRowsBefore],
    ["expired_stale_perc", "0.00"],
    ["expired_time_cap_reached_count", 0],
    ["evicted_keys", evictedRows - statistics.evictedRowsBefore],
    ["evicted_clients", statistics.evictedClients],
    ["keyspace_hits", hits],
    ["keyspace_misses", misses],
    ["pubsub_channels", 0],
    ["pubsub_patterns", 0],
    ["latest_fork_usec", 0],
    ["total_forks", 0],
    ["migrate_cached_sockets", 0],
    ["slave_expires_tracked_keys", 0],
    ["active_defrag_hits", 0],
    ["active_defrag_misses", 0],
    ["active_defrag_key_hits", 0],
    ["active_defrag_key_misses", 0],
    ["tracking_total_keys", 0],
    ["tracking_total_items", 0],
    ["tracking_total_prefixes", 0],
    ["unexpected_error_replies", 0],
    ["total_error_replies", statistics.errors],
    ["total_reads_processed", statistics.reads],
    ["total_writes_processed", statistics.writes],
    ["client_output_buffer_limit_disconnections", statistics.outputLimitCloses],
    ["kvorum_protocol_errors", statistics.protocolErrors],
    ["kvorum_rejected_requests", statistics.rejectedRequests],
  ];
}

function replicationFields({ runId }: Server): readonly Field[] {
  return [
    ["role", "master"],
    ["connected_slaves", 0],
    ["master_failover_state", "no-failover"],
    ["master_replid", runId],
    ["master_replid2", "0".repeat(runId.length)],
    ["master_repl_offset", 0],
    ["second_repl_offset", -1],
    ["repl_backlog_active", 0],
    ["repl_backlog_size", 0],
    ["repl_backlog_first_byte_offset", 0],
    ["repl_backlog_histlen", 0],
  ];
}

function cpuFields({ runtime }: Server): readonly Field[] {
  const { user, system } = runtime.host.cpuSeconds();
  return [
    ["used_cpu_sys", system.toFixed(6)],
    ["used_cpu_user", user.toFixed(6)],
    ["used_cpu_sys_children", "0.000000"],
    ["used_cpu_user_children", "0.000000"],
  ];
}

function commandFields({ commands }: Server): readonly Field[] {
  return commands
    .entries()
    .filter(wasUsed)
    .map((entry): Field => {
      const { calls, latency } = entry;
      const perCall = latency.count === 0 ? 0 : latency.sumMicros / latency.count;
      return [
        `cmdstat_${entry.command.name}`,
        `calls=${calls},usec=${Math.round(perCall * calls)},usec_per_call=${perCall.toFixed(2)},rejected_calls=${entry.rejectedCalls},failed_calls=${entry.failedCalls}`,
      ];
    });
}

function errorFields({ statistics }: Server): readonly Field[] {
  const counts = [...statistics.errorsByCode].sort(([a], [b]) => (a < b ? -1 : 1));
  return counts.map(([code, count]): Field => [`errorstat_${code}`, `count=${count}`]);
}

function latencyFields({ commands, settings }: Server): readonly Field[] {
  if (!settings.showsLatency) return [];
  const called = commands.entries().filter(({ latency }) => latency.count > 0);
  return called.map(({ command, latency }): Field => {
    const percentiles = settings.latencyPercentiles.map(
      (percentile) => `p${percentile}=${latency.percentileMicros(percentile).toFixed(3)}`,
    );
    return [`latency_percentiles_usec_${command.name}`, percentiles.join(",")];
  });
}

function keyspaceFields({ node }: Server): readonly Field[] {
  const fields: Field[] = [];
  for (let database = 0; database < DATABASE_COUNT; database++) {
    const { rows, expiring } = node.counts(database);
    if (rows > 0) fields.push([`db${database}`, `keys=${rows},expires=${expiring},avg_ttl=0`]);
  }
  for (const annex of node.engine.annexes())
    fields.push([`kvorum_keyspace_${annex.name}`, annexText(node, annex)]);
  return fields;
}

/** A keyspace in memory; its rows are among those above. */
function annexText(
  node: StorageNode,
  { name, stage, rows, memoryBytesMax, evictionPolicy, statistics }: AnnexStatus,
): string {
  const { liveBytes } = statistics;
  const limits = `maxmemory=${memoryBytesMax},evict=${evictionPolicy},evicted=${node.evictedRows(name)}`;
  return `storage=memory,rows=${rows},memory=${liveBytes},${limits},state=${stage}`;
}

/** In the order in which they are shown. */
export const SECTIONS: readonly Section[] = [
  { name: "server", isDefault: true, fields: serverFields },
  { name: "clients", isDefault: true, fields: clientFields },
  { name: "memory", isDefault: true, fields: memoryFields },
  { name: "persistence", isDefault: true, fields: persistenceFields },
  { name: "kvorum_disk", isDefault: true, fields: diskFields },
  { name: "stats", isDefault: true, fields: statisticFields },
  { name: "replication", isDefault: true, fields: replicationFields },
  { name: "cpu", isDefault: true, fields: cpuFields },
  { name: "modules", isDefault: true, fields: () => [] },
  { name: "commandstats", isDefault: false, fields: commandFields },
  { name: "errorstats", isDefault: true, fields: errorFields },
  { name: "latencystats", isDefault: false, fields: latencyFields },
  {
    name: "cluster",
    isDefault: true,
    fields: ({ node, cluster }) => [
      ...clusterFields(node.cluster, cluster !== undefined),
      ["kvorum_stamps_ahead", node.stamper.aheadCount],
    ],
  },
  { name: "keyspace", isDefault: true, fields: keyspaceFields },
];

function wasUsed({ calls, rejectedCalls, failedCalls }: CommandEntry): boolean {
  return calls > 0 || rejectedCalls > 0 || failedCalls > 0;
}

/** As Redis shows sizes to people: 512B, 1.50K, 2.00G. */
export function humanSize(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let size = bytes;
  let unit = -1;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size.toFixed(2)}${UNITS[unit]}`;
}

const UNITS = "KMGTP";

function percent(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : (part * 100) / whole).toFixed(2)}%`;
}

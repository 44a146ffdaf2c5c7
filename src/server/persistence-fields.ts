/**
 * INFO's words on persistence. As exporters read them: a checkpoint is an RDB file, the commit log is the AOF. What Redis
 * has no field for is in a section of Kvorum's own.
 */
import type { Server } from "./server.ts";

/** One line of INFO. */
export type Field = readonly [name: string, value: string | number];

export function persistenceFields({ node, startedMs }: Server): readonly Field[] {
  const { checkpoints, engine } = node.disk ?? {};
  const failed = checkpoints?.lastSaveFailed === true;
  const seconds = (ms: number | undefined): number => (ms === undefined ? -1 : Math.floor(ms / 1000));
  return [
    ["loading", 0],
    ["async_loading", 0],
    ["rdb_changes_since_last_save", checkpoints?.unsavedWriteCount ?? 0],
    ["rdb_bgsave_in_progress", checkpoints?.savingForMs === undefined ? 0 : 1],
    ["rdb_last_save_time", Math.floor((checkpoints?.lastSaveMs ?? startedMs) / 1000)],
    ["rdb_last_bgsave_status", failed ? "err" : "ok"],
    ["rdb_last_bgsave_time_sec", seconds(checkpoints?.lastSaveTookMs)],
    ["rdb_current_bgsave_time_sec", seconds(checkpoints?.savingForMs)],
    ["rdb_saves", checkpoints?.saveCount ?? 0],
    ["rdb_last_cow_size", 0],
    ["aof_enabled", engine === undefined ? 0 : 1],
    ["aof_rewrite_in_progress", engine === undefined || engine.statistics.fullMemtableCount === 0 ? 0 : 1],
    ["aof_rewrite_scheduled", 0],
    ["aof_last_rewrite_time_sec", -1],
    ["aof_current_rewrite_time_sec", -1],
    ["aof_last_bgrewrite_status", "ok"],
    ["aof_last_write_status", engine?.writes.isRefusing === true ? "err" : "ok"],
    ["aof_last_cow_size", 0],
    ...(engine === undefined ? [] : logFields(engine.statistics)),
  ];
}

type DiskStatistics = NonNullable<Server["node"]["disk"]>["engine"]["statistics"];

function logFields({ log, logBacklogBytes }: DiskStatistics): readonly Field[] {
  return [
    ["aof_current_size", log.writtenBytes],
    ["aof_buffer_length", logBacklogBytes],
    ["aof_delayed_fsync", 0],
  ];
}

/** None with the memory engine. */
export function diskFields({ node, settings, runtime }: Server): readonly Field[] {
  const { disk, scrub } = node;
  if (disk === undefined) return [];
  const { statistics, writes } = disk.engine;
  const { log, levels } = statistics;
  const lookups = statistics.blockCacheHits + statistics.blockCacheMisses;
  const room = runtime.host.diskRoom(disk.directory.path);
  return [
    ["lsm_directory", disk.directory.path],
    ["lsm_disk_free_bytes", room?.freeBytes ?? ""],
    ["lsm_disk_total_bytes", room?.totalBytes ?? ""],
    ["lsm_fsync", settings.fsync],
    ["lsm_refuses_writes", writes.isRefusing ? 1 : 0],
    ["lsm_refusal", (writes.refusalText ?? "").replaceAll(/\s+/g, " ")],
    ["lsm_log_written_bytes", log.writtenBytes],
    ["lsm_log_backlog_bytes", statistics.logBacklogBytes],
    ["lsm_log_batches", log.batches],
    ["lsm_log_failures", log.failures],
    ["lsm_log_silences", log.silences],
    ["lsm_log_syncs", log.syncs],
    ["lsm_log_sync_average_usec", average(log.syncMs * 1000, log.syncs)],
    ["lsm_log_sync_last_usec", Math.round(log.lastSyncTookMs * 1000)],
    ["lsm_memtable_bytes", statistics.memtableBytes],
    ["lsm_memtables_waiting", statistics.fullMemtableCount],
    ["lsm_flushes", statistics.flushCount],
    ["lsm_compactions", statistics.compactionCount],
    ["lsm_damaged_compactions", statistics.damagedCompactions],
    ["lsm_corrupt_reads", statistics.corruptReads],
    ["lsm_damaged_files", statistics.damagedFiles],
    ["lsm_scrub_running", scrub?.isRunning === true ? 1 : 0],
    ["lsm_scrub_passes", scrub?.passes ?? 0],
    ["lsm_scrub_last_pass_time", Math.floor((scrub?.lastPassWallMs ?? 0) / 1000)],
    ["lsm_scrub_last_pass_sec", Math.round((scrub?.lastPassTookMs ?? 0) / 1000)],
    ["lsm_scrub_bytes", scrub?.bytes ?? 0],
    ["lsm_scrub_faults", scrub?.faults ?? 0],
    ["lsm_compaction_debt_bytes", statistics.compactionDebtBytes],
    ["lsm_slowdown_ms_per_mib", statistics.slowdownMsPerMiB.toFixed(2)],
    ["lsm_write_wait_ms", statistics.writeWaitMs],
    ["lsm_flushed_bytes", statistics.flushedBytes],
    ["lsm_compacted_bytes", statistics.compactedBytes],
    ["lsm_tables", statistics.tableCount],
    ["lsm_table_bytes", statistics.tableBytes],
    ...levels.map(({ tables, bytes }, i): Field => [`lsm_level${i}`, `tables=${tables},bytes=${bytes}`]),
    ["lsm_block_cache_bytes", statistics.blockCacheBytes],
    ["lsm_block_cache_hits", statistics.blockCacheHits],
    ["lsm_block_cache_misses", statistics.blockCacheMisses],
    ["lsm_block_cache_hit_ratio", (statistics.blockCacheHits / Math.max(1, lookups)).toFixed(4)],
  ];
}

function average(sum: number, count: number): number {
  return count === 0 ? 0 : Math.round(sum / count);
}

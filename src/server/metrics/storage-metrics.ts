/** Memory, and the disk where there is one. */
import type { ScrubProgress } from "../../node/scrub.ts";
import type { DiskRoom } from "../../runtime/runtime.ts";
import type { LsmStatistics } from "../../storage/lsm/engine/lsm-statistics.ts";
import { type Metric, one, type Sample } from "./metric.ts";
import type { MetricSource } from "./metric-source.ts";

/** What nodes with storage memory have no samples of. */
function onDisk(collect: (statistics: LsmStatistics) => readonly Sample[]) {
  return ({ server }: MetricSource): readonly Sample[] => {
    const { disk } = server.node;
    return disk === undefined ? [] : collect(disk.engine.statistics);
  };
}

function ofScrub(figure: (progress: ScrubProgress) => number) {
  return ({ server }: MetricSource): readonly Sample[] => {
    const { scrub } = server.node;
    return scrub === undefined ? [] : one(figure(scrub));
  };
}

function roomOf({ node, runtime }: MetricSource["server"]): DiskRoom | undefined {
  return node.disk && runtime.host.diskRoom(node.disk.directory.path);
}

const MEMORY_METRICS: readonly Metric[] = [
  {
    name: "kvorum_memory_used_bytes",
    type: "gauge",
    help: "Memory for rows, their index and clients' buffers; the process takes more.",
    collect: ({ server }) => one(server.measureMemory().usedBytes),
  },
  {
    name: "kvorum_memory_limit_bytes",
    type: "gauge",
    help: "The limit for rows in memory (maxmemory); 0 if there is none.",
    collect: ({ server }) => one(server.settings.maxmemoryBytes),
  },
  {
    name: "kvorum_stored_bytes",
    type: "gauge",
    help: "What rows take on disk; with storage memory, there.",
    collect: ({ server }) => one(server.node.storedBytes),
  },
  {
    name: "kvorum_expired_keys_total",
    type: "counter",
    help: "Expired keys that were dropped.",
    collect: ({ server }) => one(server.node.engine.statistics.expiredRows),
  },
];

const DISK_METRICS: readonly Metric[] = [
  {
    name: "kvorum_disk_free_bytes",
    type: "gauge",
    help: "Room on the file system of the data directory, as far as this process may use it.",
    collect: ({ server }) => {
      const room = roomOf(server);
      return room === undefined ? [] : one(room.freeBytes);
    },
  },
  {
    name: "kvorum_disk_size_bytes",
    type: "gauge",
    help: "Size of that file system.",
    collect: ({ server }) => {
      const room = roomOf(server);
      return room === undefined ? [] : one(room.totalBytes);
    },
  },
  {
    name: "kvorum_disk_refuses_writes",
    type: "gauge",
    help: "1 while the disk takes no writes.",
    collect: ({ server: { node } }) =>
      node.disk === undefined ? [] : one(node.disk.engine.writes.isRefusing ? 1 : 0),
  },
  {
    name: "kvorum_log_written_bytes_total",
    type: "counter",
    help: "Written to the commit log.",
    collect: onDisk(({ log }) => one(log.writtenBytes)),
  },
  {
    name: "kvorum_log_syncs_total",
    type: "counter",
    help: "Times that the commit log was made durable.",
    collect: onDisk(({ log }) => one(log.syncs)),
  },
  {
    name: "kvorum_log_sync_seconds_total",
    type: "counter",
    help: "How long that took, in all.",
    collect: onDisk(({ log }) => one(log.syncMs / 1000)),
  },
  {
    name: "kvorum_log_failures_total",
    type: "counter",
    help: "Times that the commit log could not be written.",
    collect: onDisk(({ log }) => one(log.failures)),
  },
  {
    name: "kvorum_log_backlog_bytes",
    type: "gauge",
    help: "Rows that are not in the commit log's file yet.",
    collect: onDisk(({ logBacklogBytes }) => one(logBacklogBytes)),
  },
  {
    name: "kvorum_memtable_bytes",
    type: "gauge",
    help: "Rows in memtables, index included.",
    collect: onDisk(({ memtableBytes }) => one(memtableBytes)),
  },
  {
    name: "kvorum_memtables_waiting",
    type: "gauge",
    help: "Full memtables that are not tables yet.",
    collect: onDisk(({ fullMemtableCount }) => one(fullMemtableCount)),
  },
  {
    name: "kvorum_flushes_total",
    type: "counter",
    help: "Memtables that were written to tables.",
    collect: onDisk(({ flushCount }) => one(flushCount)),
  },
  {
    name: "kvorum_flush_written_bytes_total",
    type: "counter",
    help: "Written to tables by flushes.",
    collect: onDisk(({ flushedBytes }) => one(flushedBytes)),
  },
  {
    name: "kvorum_compactions_total",
    type: "counter",
    help: "Compactions that were carried through.",
    collect: onDisk(({ compactionCount }) => one(compactionCount)),
  },
  {
    name: "kvorum_compaction_written_bytes_total",
    type: "counter",
    help: "Written to tables by compactions.",
    collect: onDisk(({ compactedBytes }) => one(compactedBytes)),
  },
  {
    name: "kvorum_compaction_backlog_bytes",
    type: "gauge",
    help: "What compactions should have merged by now.",
    collect: onDisk(({ compactionDebtBytes }) => one(compactionDebtBytes)),
  },
  {
    name: "kvorum_write_amplification_ratio",
    type: "gauge",
    help: "Bytes written to log and tables for each byte written to the log, since the start.",
    collect: onDisk(({ log, flushedBytes, compactedBytes }) =>
      one(log.writtenBytes === 0 ? 1 : 1 + (flushedBytes + compactedBytes) / log.writtenBytes),
    ),
  },
  {
    name: "kvorum_write_stall_seconds_total",
    type: "counter",
    help: "How long writers were made to wait because flushes or compactions were behind.",
    collect: onDisk(({ writeWaitMs }) => one(writeWaitMs / 1000)),
  },
  {
    name: "kvorum_tables",
    type: "gauge",
    help: "Tables on disk.",
    labels: ["level"],
    collect: onDisk(({ levels }) =>
      levels.map(({ tables }, level) => ({ labels: { level: String(level) }, value: tables })),
    ),
  },
  {
    name: "kvorum_table_bytes",
    type: "gauge",
    help: "What they take.",
    labels: ["level"],
    collect: onDisk(({ levels }) =>
      levels.map(({ bytes }, level) => ({ labels: { level: String(level) }, value: bytes })),
    ),
  },
  {
    name: "kvorum_block_cache_bytes",
    type: "gauge",
    help: "Memory for rows that are in tables, too.",
    collect: onDisk(({ blockCacheBytes }) => one(blockCacheBytes)),
  },
  {
    name: "kvorum_block_cache_hits_total",
    type: "counter",
    help: "Blocks found there.",
    collect: onDisk(({ blockCacheHits }) => one(blockCacheHits)),
  },
  {
    name: "kvorum_block_cache_misses_total",
    type: "counter",
    help: "Blocks that had to be read from the disk.",
    collect: onDisk(({ blockCacheMisses }) => one(blockCacheMisses)),
  },
  {
    name: "kvorum_bloom_false_positives_total",
    type: "counter",
    help: "Blocks looked into for rows that they do not have: a Bloom filter had let the read through.",
    collect: onDisk(({ bloomFalsePositives }) => one(bloomFalsePositives)),
  },
  {
    name: "kvorum_corrupt_reads_total",
    type: "counter",
    help: "Times that somebody wanted to read what is damaged.",
    collect: onDisk(({ corruptReads }) => one(corruptReads)),
  },
  {
    name: "kvorum_scrub_bytes_total",
    type: "counter",
    help: "Read and verified in the background.",
    collect: ofScrub(({ bytes }) => bytes),
  },
  {
    name: "kvorum_scrub_passes_total",
    type: "counter",
    help: "Times that all tables were read through.",
    collect: ofScrub(({ passes }) => passes),
  },
  {
    name: "kvorum_scrub_last_pass_seconds",
    type: "gauge",
    help: "When the last pass through all tables was over, as Unix time; 0 if none is.",
    collect: ofScrub(({ lastPassWallMs }) => lastPassWallMs / 1_000),
  },
  {
    name: "kvorum_scrub_faults_total",
    type: "counter",
    help: "Tables that were found damaged in the background.",
    collect: ofScrub(({ faults }) => faults),
  },
];

export const STORAGE_METRICS: readonly Metric[] = [...MEMORY_METRICS, ...DISK_METRICS];

/** What an LsmEngine tells of itself. Sizes in bytes. */
import type { EngineStatistics } from "../../storage-engine.ts";
import { debtBytes, type PickerSettings } from "../compaction/picker.ts";
import type { LogCounters } from "../log/log-options.ts";
import type { LogWriter } from "../log/log-writer.ts";
import { bytesOfTables } from "../manifest/sorted-run.ts";
import { LEVEL_COUNT } from "../manifest/version.ts";
import type { Compactor } from "./compactor.ts";
import type { Flusher } from "./flusher.ts";
import type { Memtables } from "./memtables.ts";
import type { OpenTables } from "./open-tables.ts";
import type { WriteThrottle } from "./write-throttle.ts";

export interface LsmStatistics extends EngineStatistics {
  readonly tableCount: number;
  readonly tableBytes: number;
  readonly fullMemtableCount: number;
  readonly flushCount: number;
  readonly compactionCount: number;
  /** Given up because a table was damaged: see its file in the log. */
  readonly damagedCompactions: number;
  /** Times that somebody wanted to read what is damaged, since the start. */
  readonly corruptReads: number;
  /** Files found damaged by a start that was to recover: they are in quarantine, unless they were missing. */
  readonly damagedFiles: number;
  /** Flushes and compactions under way. */
  readonly runningTasks: number;
  /** Written since the start by flushes, and by compactions. */
  readonly flushedBytes: number;
  readonly compactedBytes: number;
  /** How long writers were made to wait for that since the start. */
  readonly writeWaitMs: number;
  readonly log: Readonly<LogCounters>;
  /** Of rows that are not in the log file yet. */
  readonly logBacklogBytes: number;
  /** Of rows that are in memtables, index included. */
  readonly memtableBytes: number;
  readonly levels: readonly LevelSize[];
  /** What compactions should have merged by now, and how long writers wait because that or flushes are behind. */
  readonly compactionDebtBytes: number;
  readonly slowdownMsPerMiB: number;
  readonly blockCacheBytes: number;
  readonly blockCacheHits: number;
  readonly blockCacheMisses: number;
  /** Reads of tables that had no such row, though their Bloom filters let it through. */
  readonly bloomFalsePositives: number;
}

export interface LevelSize {
  readonly tables: number;
  readonly bytes: number;
}

interface Parts {
  readonly memtables: Memtables;
  readonly tables: OpenTables;
  readonly flusher: Flusher;
  readonly compactor: Compactor;
  readonly log: LogWriter;
  readonly throttle: WriteThrottle;
  readonly picker: PickerSettings;
  readonly expiredRows: () => number;
  readonly damagedFiles: number;
}

export function statisticsOf({
  memtables,
  tables,
  flusher,
  compactor,
  log,
  throttle,
  picker,
  expiredRows,
  damagedFiles,
}: Parts): LsmStatistics {
  return {
    evictedRows: 0,
    damagedFiles,
    get corruptReads() {
      return tables.corruptReads;
    },
    log: log.counters,
    get memoryBytes() {
      return memtables.memoryBytes + tables.memoryBytes;
    },
    get liveBytes() {
      return memtables.liveBytes + tables.memoryBytes;
    },
    get expiredRows() {
      return expiredRows();
    },
    get tableCount() {
      return tables.version.tables.length;
    },
    get tableBytes() {
      return bytesOfTables(tables.version.tables);
    },
    get fullMemtableCount() {
      return memtables.full.length;
    },
    get flushCount() {
      return flusher.flushCount;
    },
    get flushedBytes() {
      return flusher.writtenBytes;
    },
    get compactedBytes() {
      return compactor.writtenBytes;
    },
    get writeWaitMs() {
      return Math.round(throttle.waitedMs);
    },
    get runningTasks() {
      return flusher.runningTasks + compactor.runningTasks;
    },
    get damagedCompactions() {
      return compactor.damageCount;
    },
    get compactionCount() {
      return compactor.compactionCount;
    },
    get logBacklogBytes() {
      return log.backlogBytes;
    },
    get memtableBytes() {
      return memtables.liveBytes;
    },
    get levels() {
      return Array.from({ length: LEVEL_COUNT }, (_, i) => {
        const level = tables.version.level(i);
        return { tables: level.length, bytes: bytesOfTables(level) };
      });
    },
    get compactionDebtBytes() {
      return debtBytes(tables.version, picker);
    },
    get slowdownMsPerMiB() {
      return throttle.delayMsPerMiB;
    },
    get blockCacheBytes() {
      return tables.cache.sizeBytes;
    },
    get blockCacheHits() {
      return tables.cache.hits;
    },
    get blockCacheMisses() {
      return tables.cache.misses;
    },
    get bloomFalsePositives() {
      return tables.cache.vainReads;
    },
  };
}

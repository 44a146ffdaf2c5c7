/** What an LsmEngine tells of itself. Sizes in bytes. */
import type { EngineStatistics } from "../../storage-engine.ts";
import type { LogCounters, LogWriter } from "../log/log-writer.ts";
import { bytesOfTables } from "../manifest/sorted-run.ts";
import type { Compactor } from "./compactor.ts";
import type { Flusher } from "./flusher.ts";
import type { Memtables } from "./memtables.ts";
import type { OpenTables } from "./open-tables.ts";

export interface LsmStatistics extends EngineStatistics {
  readonly tableCount: number;
  readonly tableBytes: number;
  readonly fullMemtableCount: number;
  readonly flushCount: number;
  readonly compactionCount: number;
  /** Flushes and compactions under way. */
  readonly runningTasks: number;
  readonly log: Readonly<LogCounters>;
}

interface Parts {
  readonly memtables: Memtables;
  readonly tables: OpenTables;
  readonly flusher: Flusher;
  readonly compactor: Compactor;
  readonly log: LogWriter;
  readonly expiredRows: () => number;
}

export function statisticsOf({
  memtables,
  tables,
  flusher,
  compactor,
  log,
  expiredRows,
}: Parts): LsmStatistics {
  return {
    evictedRows: 0,
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
    get runningTasks() {
      return flusher.runningTasks + compactor.runningTasks;
    },
    get compactionCount() {
      return compactor.compactionCount;
    },
  };
}

/**
 * All tables at one moment, by level. Immutable: an edit makes another version.
 *
 *   level 0    whole memtables, each over any keys; the newest first
 *   level 1..  sorted runs; of one row, a lower level has the newer version
 *
 * Invariant: a row key is in at most one table of each level from 1 on.
 */
import { assert } from "../../../base/assert.ts";
import type { TableProbe } from "../table/table-probe.ts";
import { compareProbe, SortedRun } from "./sorted-run.ts";
import type { TableEntry } from "./table-entry.ts";

export const LEVEL_COUNT = 7;

/** What changes from one version to the next, all of it or nothing. A table is moved by removing and adding it. */
export interface VersionEdit {
  readonly added?: readonly TableEntry[];
  /** Numbers of tables. */
  readonly removed?: readonly number[];
  /** Log segments up to this number are in tables: their files are not needed any more. */
  readonly flushedLog?: number;
  /** File numbers below this one have been given away. */
  readonly nextFile?: number;
}

export class Version {
  static readonly empty = new Version([], 0, 1);

  /** Newest first. */
  readonly level0: readonly TableEntry[];
  /** Levels 1 to LEVEL_COUNT - 1: level n is at n - 1. */
  readonly runs: readonly SortedRun[];
  readonly flushedLog: number;
  readonly nextFile: number;

  private constructor(tables: readonly TableEntry[], flushedLog: number, nextFile: number) {
    this.level0 = tables.filter(({ level }) => level === 0).sort((a, b) => b.age - a.age);
    this.runs = Array.from(
      { length: LEVEL_COUNT - 1 },
      (_, i) => new SortedRun(tables.filter(({ level }) => level === i + 1)),
    );
    this.flushedLog = flushedLog;
    this.nextFile = nextFile;
  }

  /** Of all levels, the upper ones first. */
  get tables(): readonly TableEntry[] {
    return [this.level0, ...this.runs.map((run) => run.tables)].flat();
  }

  /** Requires: level < LEVEL_COUNT. */
  level(level: number): readonly TableEntry[] {
    return level === 0 ? this.level0 : this.runs[level - 1]!.tables;
  }

  /**
   * Hot: `into` becomes the tables that may hold the row, the one with the newest version first. Returns how many;
   * what lies behind them in `into` has no meaning. Tables of level 0 from age `firstKnown` on are left out.
   */
  candidates(probe: TableProbe, into: TableEntry[], firstKnown = Number.POSITIVE_INFINITY): number {
    let count = 0;
    for (const table of this.level0) {
      if (table.age >= firstKnown) continue;
      const { smallestKey, largestKey } = table.properties;
      if (compareProbe(probe, smallestKey) >= 0 && compareProbe(probe, largestKey) <= 0)
        into[count++] = table;
    }
    for (const run of this.runs) {
      const table = run.find(probe);
      if (table !== undefined) into[count++] = table;
    }
    return count;
  }

  /** Requires: every removed table is there, and no added one is. */
  apply({ added = [], removed = [], flushedLog = 0, nextFile = 0 }: VersionEdit): Version {
    const tables = new Map(this.tables.map((table) => [table.number, table]));
    for (const number of removed) assert(tables.delete(number), `there is no table ${number} to remove`);
    for (const table of added) {
      assert(!tables.has(table.number), `table ${table.number} is there already`);
      assert(table.level < LEVEL_COUNT, `there is no level ${table.level}`);
      assert(table.properties.rowCount > 0, "empty tables are not kept");
      tables.set(table.number, table);
    }
    const next = Math.max(this.nextFile, nextFile, ...added.map(({ number }) => number + 1));
    return new Version([...tables.values()], Math.max(this.flushedLog, flushedLog), next);
  }

  /** The edit that makes this version out of the empty one. */
  asEdit(): VersionEdit {
    return { added: this.tables, flushedLog: this.flushedLog, nextFile: this.nextFile };
  }
}

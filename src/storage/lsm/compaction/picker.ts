/**
 * Which tables to merge next. Levelled compaction: level 0 by number of tables, each level from 1 on by its bytes,
 * the next one may hold ten times as many.
 * Source: O'Neil et al. 1996, "The Log-Structured Merge-Tree"; LevelDB's and RocksDB's levelled compaction, and
 * RocksDB's choice of the table that drags the least of the next level along ("min overlapping ratio").
 *
 *   level 0   [a------z] [b-----y] [a----x]    merged together, the oldest ones first
 *   level 1   [a-f] [g-m] [n-z]                what overlaps them comes along
 *   level 2   [a-b] [c] [d-h] ...
 *
 * Pure: depends on its arguments only. Compactions that run at the same time share no table, and their outputs never
 * meet in one level: whatever overlaps the keys of one in its target level is among its inputs.
 */
import { compareBytes } from "../../../base/bytes.ts";
import { bytesOfTables, overlaps } from "../manifest/sorted-run.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import { LEVEL_COUNT, type Version } from "../manifest/version.ts";

export interface PickerSettings {
  /** So many tables in level 0 are merged into level 1. */
  readonly level0Count: number;
  readonly level1Bytes: number;
  /** How much more the next level may hold. */
  readonly levelRatio: number;
  /** A compaction of level 0 takes no more tables once it has so many bytes of them. */
  readonly level0BytesMax: number;
}

export const DEFAULT_PICKER_SETTINGS: PickerSettings = {
  level0Count: 4,
  level1Bytes: 256 * 1024 * 1024,
  levelRatio: 10,
  level0BytesMax: 1024 * 1024 * 1024,
};

/** Level 1 takes in a few memtables before it is full, however large they are: else each flush would rewrite it. */
export function pickerFor(memtableBytes: number): PickerSettings {
  const { level0Count, level1Bytes, ...rest } = DEFAULT_PICKER_SETTINGS;
  return { ...rest, level0Count, level1Bytes: Math.max(level1Bytes, level0Count * memtableBytes) };
}

export interface Compaction {
  /** A move needs no work: nothing in the target level is in the way of the only input. */
  readonly kind: "merge" | "move";
  readonly targetLevel: number;
  /** Of one row, an earlier input has the newer version. */
  readonly inputs: readonly TableEntry[];
}

export interface PickerState {
  readonly version: Version;
  /** Numbers of tables that running compactions read. */
  readonly busy: ReadonlySet<number>;
  /**
   * Tombstones and forgotten rows of up to this wall time may be dropped; 0 if that is not known. Then no table is
   * rewritten just to drop them.
   */
  readonly horizonMs: number;
}

/** What is due by size, the level most in need first; else a table that is mostly dead rows; else nothing. */
export function pickCompaction(state: PickerState, settings: PickerSettings): Compaction | undefined {
  const scores = levelScores(state.version, state.busy, settings);
  const due = [...scores.keys()]
    .filter((level) => scores[level]! >= 1)
    .sort((a, b) => scores[b]! - scores[a]! || a - b);
  for (const level of due) {
    const compaction = level === 0 ? pickLevel0(state, settings) : pickRun(state, level);
    if (compaction !== undefined) return compaction;
  }
  return pickReclaim(state, settings);
}

/** Per level, how full it is: 1 or more is due for compaction. The last level is never full. */
export function levelScores(
  version: Version,
  busy: ReadonlySet<number>,
  settings: PickerSettings,
): readonly number[] {
  return Array.from({ length: LEVEL_COUNT - 1 }, (_, level) => {
    const idle = version.level(level).filter(({ number }) => !busy.has(number));
    if (level > 0) return bytesOfTables(idle) / levelBytesMax(level, settings);
    return Math.max(idle.length / settings.level0Count, bytesOfTables(idle) / settings.level1Bytes);
  });
}

/** Bytes that compactions would have to rewrite until no level is over its size: what drives write slow-down. */
export function debtBytes(version: Version, settings: PickerSettings): number {
  const isLevel0Due = version.level0.length >= settings.level0Count;
  let carried = isLevel0Due ? bytesOfTables(version.level0) : 0;
  let debt = carried;
  for (let level = 1; level < LEVEL_COUNT - 1; level++) {
    const bytes = version.runs[level - 1]!.bytes + carried;
    carried = Math.max(0, bytes - levelBytesMax(level, settings));
    if (carried === 0) continue;
    const below = version.runs[level]!.bytes;
    debt += carried + Math.min(below, carried * settings.levelRatio);
  }
  return debt;
}

function levelBytesMax(level: number, { level1Bytes, levelRatio }: PickerSettings): number {
  return level1Bytes * levelRatio ** (level - 1);
}

/** Only one at a time, and the oldest tables first: newer versions must not get below older ones. */
function pickLevel0({ version, busy }: PickerState, settings: PickerSettings): Compaction | undefined {
  if (version.level0.some(({ number }) => busy.has(number))) return undefined;
  const chosen: TableEntry[] = [];
  for (const table of [...version.level0].reverse()) {
    if (chosen.length > 0 && bytesOfTables(chosen) >= settings.level0BytesMax) break;
    chosen.unshift(table);
  }
  return withOverlaps(version, busy, chosen, 1);
}

function pickRun({ version, busy }: PickerState, level: number): Compaction | undefined {
  let best: Compaction | undefined;
  let bestRatio = Number.POSITIVE_INFINITY;
  for (const table of version.level(level)) {
    if (busy.has(table.number)) continue;
    const compaction = withOverlaps(version, busy, [table], level + 1);
    if (compaction === undefined) continue;
    const ratio = bytesOfTables(compaction.inputs) / table.fileBytes;
    if (ratio < bestRatio) {
      best = compaction;
      bestRatio = ratio;
    }
  }
  return best;
}

/**
 * A table at least half of which may be dropped: rewritten in its level if nothing lies below it, else merged down; in
 * level 0, with all that is there. Each table is tried once for the same dead rows (`horizonMs` of the entry), so this
 * comes to an end.
 */
function pickReclaim(state: PickerState, settings: PickerSettings): Compaction | undefined {
  const { version, busy, horizonMs } = state;
  for (let level = LEVEL_COUNT - 1; level > 0; level--) {
    for (const table of version.level(level)) {
      if (busy.has(table.number) || !isMostlyDead(table, horizonMs)) continue;
      const targetLevel = isAnythingBelow(version, table) ? level + 1 : level;
      const compaction = withOverlaps(version, busy, [table], targetLevel);
      if (compaction !== undefined) return { ...compaction, kind: "merge" };
    }
  }
  const merged = version.level0.some((table) => isMostlyDead(table, horizonMs))
    ? pickLevel0(state, settings)
    : undefined;
  return merged && { ...merged, kind: "merge" };
}

/** By rows that are surely dead by now, and were not when the table was written. */
function isMostlyDead({ properties, horizonMs: writtenAtMs }: TableEntry, horizonMs: number): boolean {
  const { rowCount, tombstoneCount, newestWallMs } = properties;
  const isDue = newestWallMs > writtenAtMs && newestWallMs <= horizonMs;
  return isDue && 2 * tombstoneCount >= rowCount;
}

function isAnythingBelow(version: Version, { level, properties }: TableEntry): boolean {
  const { smallestKey, largestKey } = properties;
  return version.runs.slice(level).some((run) => run.overlapping(smallestKey, largestKey).length > 0);
}

/** The tables with all that is in their way in the target level; undefined if something of it is busy. */
function withOverlaps(
  version: Version,
  busy: ReadonlySet<number>,
  chosen: readonly TableEntry[],
  targetLevel: number,
): Compaction | undefined {
  const from = chosen.map(({ properties }) => properties.smallestKey).reduce(smaller);
  const to = chosen.map(({ properties }) => properties.largestKey).reduce(larger);
  const inWay = version
    .level(targetLevel)
    .filter((table) => overlaps(table, from, to) && !chosen.some(({ number }) => number === table.number));
  if (inWay.some(({ number }) => busy.has(number))) return undefined;
  const inputs = [...chosen, ...inWay];
  return { kind: inputs.length === 1 ? "move" : "merge", targetLevel, inputs };
}

function smaller(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) < 0 ? a : b;
}

function larger(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) > 0 ? a : b;
}

/** An engine with small parts, for tests: of cells as simple-engine.oracle.ts has them. */
import { expect } from "vitest";
import type { ByteRange } from "../../../base/bytes.ts";
import { silentLogger } from "../../../base/logger.ts";
import type { Runtime } from "../../../runtime/runtime.ts";
import { databaseOfRow, type RowKey } from "../../row-key.ts";
import { simpleRules } from "../../simple-engine.oracle.ts";
import { NEVER_EXPIRES, type StorageEngine } from "../../storage-engine.ts";
import { LsmEngine } from "../lsm-engine.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { MerkleSummary } from "../table/merkle-summary.ts";
import { DEFAULT_TABLE_SETTINGS } from "../table/table-writer.ts";
import type { LsmEngineOptions } from "./lsm-options.ts";
import { createFlushTask } from "./memtable-flush.ts";
import { createMergeTask } from "./table-merge.ts";

/** A simple cell that is empty and expires is a tombstone. Its version is all of it. */
export const simpleTraits: CellTraits = {
  expiresAtMs: (cell) => simpleRules.expiresAtMs(cell),
  newestWallMs: () => 0,
  isTombstone: (cell) => cell.end - cell.start === 8 && simpleRules.expiresAtMs(cell) !== NEVER_EXPIRES,
  versionRange(cell, into) {
    into.bytes = cell.bytes;
    into.start = cell.start;
    into.end = cell.end;
  },
};

const tasks = {
  flush: createFlushTask(simpleTraits, import.meta.url),
  merge: createMergeTask(simpleTraits, import.meta.url),
};

export function openSmallEngine(
  runtime: Runtime,
  directory: string,
  options: Partial<LsmEngineOptions> = {},
): Promise<LsmEngine> {
  return LsmEngine.open({
    runtime,
    directory,
    rules: simpleRules,
    traits: simpleTraits,
    tasks,
    hashSeed: 1,
    logger: silentLogger,
    fsync: "always",
    segmentBytes: 32 * 1024,
    cacheBytes: 64 * 1024,
    tableBytes: 32 * 1024,
    tableSettings: { ...DEFAULT_TABLE_SETTINGS, blockBytes: 1024, packing: "stored" },
    picker: { level0Count: 3, level1Bytes: 64 * 1024, levelRatio: 4, level0BytesMax: 2 ** 20 },
    ...options,
  });
}

/** Puts as a replica does: reads first, tells what it supersedes, and waits as long as the engine wants. */
export async function overwrite(engine: StorageEngine, key: RowKey, cell: ByteRange): Promise<void> {
  const present: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
  const isThere = engine.get(key, present);
  const write = (found: boolean): void | Promise<void> => engine.put(key, cell, found ? present : undefined);
  await (typeof isThere === "boolean" ? write(isThere) : isThere.then(write));
  await engine.durable();
}

/** What `merkleSummary` must be. */
export async function summaryOfScan(engine: LsmEngine): Promise<MerkleSummary> {
  const summary = new MerkleSummary();
  const rows = engine.scan(new Uint8Array(0), undefined);
  while (await rows.next()) summary.addRow(rows.key, rows.cell, simpleTraits);
  return summary;
}

/** Sums and counts are those that a full scan of the same moment finds. Two databases are looked at. */
export async function expectExact(engine: LsmEngine): Promise<void> {
  const told = engine.merkleSummary();
  const counts = [engine.counts(0), engine.counts(1)];
  const rows = engine.scan(new Uint8Array(0), undefined);
  const summary = new MerkleSummary();
  const found = [0, 1].map(() => ({ rows: 0, expiring: 0 }));
  while (await rows.next()) {
    const { key, cell } = rows;
    summary.addRow(key, cell, simpleTraits);
    if (simpleTraits.isTombstone(cell)) continue;
    const count = found[databaseOfRow(key.bytes, key.start)]!;
    count.rows++;
    if (simpleTraits.expiresAtMs(cell) !== NEVER_EXPIRES) count.expiring++;
  }
  expect(counts).toEqual(found);
  expect(summary.equals(told)).toBe(true);
}

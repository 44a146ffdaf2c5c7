/** Brings an engine's parts back from its directory: tables by the manifest, memtables by the log. */
import { forEachAtOnce } from "../../../base/at-once.ts";
import { StoreError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import type { Disk, Random } from "../../../runtime/runtime.ts";
import type { CellRules } from "../../storage-engine.ts";
import { findClearing } from "../log/log-clearing.ts";
import { recoverLog } from "../log/log-recovery.ts";
import { Manifest } from "../manifest/manifest.ts";
import { tidyTables } from "../manifest/table-files.ts";
import { repairDirectory } from "../repair/directory-repair.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import { MerkleSummary } from "../table/merkle-summary.ts";
import { RowTally } from "../table/row-tally.ts";
import type { TableSettings, TableSums } from "../table/table-writer.ts";
import { Memtables } from "./memtables.ts";
import { OpenTables } from "./open-tables.ts";
import { isCorruption } from "./retry.ts";
import { addMemtable } from "./row-sums.ts";

/** Tables whose sums are in memory at a time: up to 8 MiB each. */
const SUMS_AT_ONCE = 4;
/** Of the cache: for memtables that are in tables. */
const RETAINED_PART = 0.5;

export interface Places {
  readonly directory: string;
  readonly log: string;
  readonly tables: string;
  readonly quarantine: string;
}

export function placesIn(directory: string): Places {
  return {
    directory,
    log: `${directory}/log`,
    tables: `${directory}/tables`,
    quarantine: `${directory}/quarantine`,
  };
}

export interface RecoveryOptions {
  readonly disk: Disk;
  readonly random: Pick<Random, "uint32">;
  readonly logger: Logger;
  readonly places: Places;
  readonly traits: CellTraits;
  readonly hashSeed: number;
  readonly segmentBytes: number;
  readonly cacheBytes: number;
  readonly rules: CellRules;
  readonly tableBytes: number;
  readonly tableSettings: TableSettings;
  /** Goes on with what is whole of a damaged directory, instead of refusing it. */
  readonly recover: boolean;
  /** See LsmEngineOptions. */
  readonly onLoss: () => Promise<void>;
}

export interface RecoveredParts {
  readonly manifest: Manifest;
  readonly tables: OpenTables;
  readonly memtables: Memtables;
  /** Summary of the tables alone; tally of everything. */
  readonly sums: TableSums;
  /** As CellTraits tells it, of all rows; 0 if there is none. */
  readonly newestWallMs: number;
  /** Files that were damaged, if it was to recover. */
  readonly damagedFiles: number;
}

/** Rejects with StoreError IO; or with CORRUPTION, saying what to do, unless it is to recover. */
export async function recoverParts(options: RecoveryOptions): Promise<RecoveredParts> {
  const { disk, places, recover } = options;
  for (const directory of [places.directory, places.log, places.tables]) await disk.makeDirectory(directory);
  const damaged = recover ? await repairDirectory(options) : [];
  try {
    return { ...(await recoverSound(options)), damagedFiles: damaged.length };
  } catch (cause) {
    if (!isCorruption(cause) || recover) throw cause;
    throw new StoreError("CORRUPTION", "not-applied", `${cause.message}; ${ADVICE}`, { cause });
  }
}

const ADVICE =
  "start with --recover to go on without what is damaged (the damaged files are kept in quarantine/)";

async function recoverSound(options: RecoveryOptions): Promise<Omit<RecoveredParts, "damagedFiles">> {
  const { disk, places, logger, cacheBytes } = options;
  const manifest = await Manifest.open({ disk, directory: places.directory });
  if (manifest.cutBytes > 0)
    logger.warn({ cutBytes: manifest.cutBytes }, "the manifest ended in half an edit");
  await finishClear(disk, places, manifest);
  const { version, cutBytes } = manifest;
  await tidyTables({ disk, directory: places.directory, version, cutBytes });
  const table = { disk, directory: places.tables, cacheBytes, logger };
  const tables = await OpenTables.open(table, manifest.version);
  const memtables = await recoverMemtables(options, manifest);
  const sums = await addUpSums(options, tables, memtables);
  return { manifest, tables, memtables, ...sums };
}

/** A clear that a crash cut short has happened if anything was written after it. */
async function finishClear(disk: Disk, { log }: Places, manifest: Manifest): Promise<void> {
  const { flushedLog, tables } = manifest.version;
  const clearing = await findClearing(disk, log, flushedLog + 1);
  if (clearing === undefined || clearing === flushedLog + 1) return;
  const removed = tables.filter(({ age }) => age < clearing).map(({ number }) => number);
  await manifest.commit({ removed, flushedLog: clearing - 1 });
}

async function recoverMemtables(options: RecoveryOptions, manifest: Manifest): Promise<Memtables> {
  const { places, segmentBytes, cacheBytes, random, logger } = options;
  const recovered = await recoverLog({
    ...options,
    directory: places.log,
    firstNumber: manifest.version.flushedLog + 1,
    recover: false,
  });
  const { tornBytes, nextNumber } = recovered;
  if (tornBytes > 0) logger.info({ tornBytes }, "the commit log ended in a write that a crash cut short");
  const memtables = [...recovered.memtables];
  if (memtables.length === 0) {
    memtables.push(Memtables.create(nextNumber, new SharedArrayBuffer(segmentBytes), random));
  }
  return new Memtables(memtables, segmentBytes, cacheBytes * RETAINED_PART, random);
}

async function addUpSums(
  { traits }: RecoveryOptions,
  tables: OpenTables,
  memtables: Memtables,
): Promise<Pick<RecoveredParts, "sums" | "newestWallMs">> {
  const sums = { summary: new MerkleSummary(), tally: new RowTally() };
  let newestWallMs = 0;
  await forEachAtOnce(tables.version.tables, SUMS_AT_ONCE, async (table) => {
    const { summary, tally } = await tables.loadSums(table);
    sums.summary.addSummary(summary);
    sums.tally.addTally(tally);
    newestWallMs = Math.max(newestWallMs, table.properties.newestWallMs);
  });
  for (const memtable of [...memtables.full, memtables.active]) {
    newestWallMs = Math.max(newestWallMs, addMemtable(sums.tally, memtable, traits));
  }
  return { sums, newestWallMs };
}

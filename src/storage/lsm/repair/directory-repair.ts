/**
 * Makes a directory whole that is damaged, for a start that was told to recover: every file is read, what is damaged
 * is kept in quarantine/, and the rows that are really there are written into new tables. A new manifest that knows
 * only these comes last: a crash before leaves the directory as it was, but for copies in quarantine.
 *
 *   manifest known    of one row, the version in the newest log, or the uppermost level, counts: as ever
 *   manifest lost     every table and every log counts, and what they say of themselves decides: see row-rank.ts.
 *                     Rows deleted not long ago may be back
 *
 * A row whose newest version is lost may be there in an older one, and one whose deletion is lost, too.
 */
import { StoreError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import type { CellRules } from "../../storage-engine.ts";
import { findClearing } from "../log/log-clearing.ts";
import { logNumberOf } from "../log/log-name.ts";
import { type RecoveredLog, recoverLog } from "../log/log-recovery.ts";
import { manifestNumberOf, saveCurrent } from "../manifest/current-file.ts";
import { createManifestFile } from "../manifest/manifest.ts";
import { type RecoveredVersion, recoverVersion, recoverVersionFrom } from "../manifest/manifest-recovery.ts";
import { tableName, tableNumberOf } from "../manifest/table-entry.ts";
import { Version } from "../manifest/version.ts";
import type { CellTraits } from "../table/cell-traits.ts";
import type { TableProperties } from "../table/table-properties.ts";
import type { TableSettings } from "../table/table-writer.ts";
import { examineTable, type KnownTable } from "./damaged-table.ts";
import { keepFile, type QuarantinedFile } from "./quarantine.ts";
import { ChainRows, chainsOf, type RankedTable, rowsOfMemtable } from "./ranked-sources.ts";
import { rebuildTables } from "./row-rebuild.ts";

export interface RepairOptions {
  readonly disk: Disk;
  readonly places: {
    readonly directory: string;
    readonly log: string;
    readonly tables: string;
    readonly quarantine: string;
  };
  readonly logger: Logger;
  readonly rules: CellRules;
  readonly traits: CellTraits;
  readonly hashSeed: number;
  readonly tableBytes: number;
  readonly tableSettings: TableSettings;
  /** Awaited before the directory is made whole, if rows may have been lost. */
  readonly onLoss: () => Promise<void>;
}

/** Resolves to what was damaged; nothing, if the directory was whole: then it is as it was. */
export function repairDirectory(options: RepairOptions): Promise<readonly QuarantinedFile[]> {
  return new DirectoryRepair(options).run();
}

const ANY_ROW = "any row";

class DirectoryRepair {
  readonly #options: RepairOptions;
  readonly #found: QuarantinedFile[] = [];
  /** False as long as nothing is wrong that rows depend on. */
  #needsRebuild = false;

  constructor(options: RepairOptions) {
    this.#options = options;
  }

  async run(): Promise<readonly QuarantinedFile[]> {
    const { disk, places, logger } = this.#options;
    const known = await this.#readManifest();
    const flushedLog = known?.version.flushedLog ?? 0;
    const clearing = (await findClearing(disk, places.log, flushedLog + 1)) ?? 0;
    const log = await this.#readLogs(clearing, known && flushedLog + 1);
    const tables = known
      ? await this.#knownTables(known.version, clearing)
      : await this.#foundTables(clearing);
    if (this.#needsRebuild) {
      await this.#options.onLoss(); // now: after the rebuild nobody can tell any more
      if (known !== undefined && known.cutBytes > 0) await this.#keepOrphans(known.version);
      await this.#rebuild(tables, log, known?.version ?? Version.empty);
    }
    for (const file of this.#found)
      logger.error({ ...file }, "a file is damaged; what is whole of it goes on");
    return this.#found;
  }

  /** Undefined if no manifest can be read that counts. */
  async #readManifest(): Promise<RecoveredVersion | undefined> {
    const { disk, places } = this.#options;
    const { directory } = places;
    try {
      return await recoverVersion(disk, directory);
    } catch (cause) {
      const names = (await disk.list(directory)).filter((name) => manifestNumberOf(name) !== undefined);
      await this.#keep(`${directory}/CURRENT`, [messageOf(cause)], ANY_ROW);
      const newest = Math.max(0, ...names.map((name) => manifestNumberOf(name)!));
      const recovered = await recoverVersionFrom(disk, directory, newest).catch(messageOf);
      if (typeof recovered !== "string") {
        await saveCurrent(disk, directory, newest);
        return recovered;
      }
      for (const name of names) await this.#keep(`${directory}/${name}`, [recovered], ANY_ROW);
      this.#needsRebuild = true;
      return undefined;
    }
  }

  /** Those from `firstNumber` on; all that are there, if undefined. */
  async #readLogs(clearing: number, firstNumber: number | undefined): Promise<RecoveredLog> {
    const { disk, places, hashSeed } = this.#options;
    const numbers = (await disk.list(places.log)).map(logNumberOf).filter((number) => number !== undefined);
    const first = firstNumber ?? Math.min(...numbers, clearing === 0 ? Number.POSITIVE_INFINITY : clearing);
    const log = await recoverLog({
      disk,
      directory: places.log,
      firstNumber: Math.max(clearing, Number.isFinite(first) ? first : 1),
      segmentBytes: 0,
      hashSeed,
      recover: true,
    });
    for (const { path, offset, what } of log.damage) {
      await this.#keep(path, [`${path}: offset ${offset}: ${what}`], ANY_ROW);
      this.#needsRebuild = true;
    }
    return log;
  }

  /** The newest first, ranked so. */
  async #knownTables(version: Version, clearing: number): Promise<readonly RankedTable[]> {
    const runs = [...version.level0.map((table) => [table]), ...version.runs.map((run) => run.tables)];
    const tables: RankedTable[] = [];
    for (const [i, run] of runs.entries()) {
      for (const { number, age, checksum, properties } of run) {
        if (age < clearing) continue;
        const path = `${this.#options.places.tables}/${tableName(number)}`;
        await this.#examine(path, { checksum, properties });
        const { smallestKey, largestKey } = properties;
        tables.push({ path, checksum, smallestKey, largestKey, rank: { level: 0, age: -i } });
      }
    }
    return tables;
  }

  /** All that are there, ranked as they say themselves. */
  async #foundTables(clearing: number): Promise<readonly RankedTable[]> {
    const { disk, places } = this.#options;
    const tables: RankedTable[] = [];
    for (const name of await disk.list(places.tables)) {
      if (tableNumberOf(name) === undefined) continue;
      const path = `${places.tables}/${name}`;
      const properties = await this.#examine(path);
      if (properties !== undefined && properties.age < clearing) continue;
      const { smallestKey, largestKey, level = Number.NaN, age = Number.NaN } = properties ?? {};
      tables.push({ path, smallestKey, largestKey, rank: { level, age } });
    }
    return tables;
  }

  async #examine(path: string, known?: KnownTable): Promise<TableProperties | undefined> {
    const { properties, damages, rows } = await examineTable(this.#options.disk, path, known);
    if (damages.length === 0) return properties;
    await this.#keep(path, damages, rows);
    this.#needsRebuild = true;
    return properties;
  }

  /** The manifest lost bytes: a table that it does not know may be the last copy of its rows. */
  async #keepOrphans({ tables }: Version): Promise<void> {
    const { disk, places } = this.#options;
    const known = new Set(tables.map(({ number }) => tableName(number)));
    for (const name of await disk.list(places.tables)) {
      if (tableNumberOf(name) !== undefined && !known.has(name))
        await this.#keep(`${places.tables}/${name}`, ["the manifest does not know it"], ANY_ROW);
    }
  }

  async #rebuild(tables: readonly RankedTable[], log: RecoveredLog, version: Version): Promise<void> {
    const { disk, places, tableSettings: settings } = this.#options;
    const memtables = log.memtables.map((memtable) => {
      return rowsOfMemtable(memtable, { level: 0, age: memtable.segment.number });
    });
    const chains = chainsOf(tables).map((chain) => new ChainRows(disk, chain));
    const names = await disk.list(places.tables);
    const firstNumber = Math.max(version.nextFile, ...names.map((name) => (tableNumberOf(name) ?? 0) + 1));
    const ages = tables.map(({ rank }) => rank.age).filter((age) => !Number.isNaN(age));
    const flushedLog = Math.max(version.flushedLog, log.nextNumber - 1, ...ages);
    const options = { ...this.#options, directory: places.tables, settings, firstNumber, age: flushedLog };
    const added = await rebuildTables([...memtables, ...chains], options);
    const manifests = (await disk.list(places.directory)).map((name) => manifestNumberOf(name) ?? 0);
    const rebuilt = Version.empty.apply({ added, flushedLog, nextFile: firstNumber });
    const number = Math.max(0, ...manifests) + 1;
    const { file } = await createManifestFile(disk, places.directory, number, rebuilt);
    await file.close();
  }

  async #keep(path: string, damages: readonly string[], rows: string): Promise<void> {
    const { disk, places } = this.#options;
    this.#found.push({ path, keptAs: await keepFile(disk, path, places.quarantine), damages, rows });
  }
}

/** Of corruption, which is what a repair is for; throws anything else. */
function messageOf(cause: unknown): string {
  if (!(cause instanceof StoreError) || cause.code !== "CORRUPTION") throw cause;
  return cause.message;
}

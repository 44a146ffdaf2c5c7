/**
 * Rows on disk, in a data directory that is this node's alone.
 *
 * What a restart must not change: no dot is given twice (Identity), every later stamp is later than those found
 * (`newestWallMs`), and databases have the numbers they had (DatabaseRow).
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { Stamper } from "../replication/stamper.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { pickerFor } from "../storage/lsm/compaction/picker.ts";
import type { LsmEngineOptions } from "../storage/lsm/engine/lsm-options.ts";
import { LsmEngine } from "../storage/lsm/lsm-engine.ts";
import type { RowUsage } from "../storage/memory/memory-engine.ts";
import type { RowKey } from "../storage/row-key.ts";
import { AnnexFile } from "./annex-file.ts";
import { Checkpoints } from "./checkpoints.ts";
import { DatabaseMap, unusedNumbers } from "./database-map.ts";
import { DatabaseRow } from "./database-row.ts";
import { task as flush } from "./flush-task.ts";
import { suitableCacheBytes, suitableMemtableBytes } from "./memory-shares.ts";
import { task as merge } from "./merge-task.ts";
import { NodeDirectory } from "./node-directory.ts";
import type { NodeStore } from "./node-store.ts";
import { OwnKeyspaces } from "./own-keyspaces.ts";
import { DATABASE_COUNT, type NodeSettings } from "./settings.ts";

export interface StoredCells extends Pick<LsmEngineOptions, "rules" | "traits"> {
  /** True if others may have copies of what is stored here. */
  readonly isReplica: boolean;
}

export class DiskStore implements NodeStore {
  readonly engine: LsmEngine;
  readonly stamper: Stamper;
  readonly databases: DatabaseMap;
  readonly abandoned: readonly number[];
  readonly hashSeed: number;
  readonly directory: NodeDirectory;
  readonly checkpoints: Checkpoints;
  readonly ownKeyspaces: OwnKeyspaces;
  readonly annexFile: AnnexFile;
  #writeCount = 0;

  /** Resolves when what the directory holds can be read. Rejects with StoreError IO, CORRUPTION or INVALID_SETTING. */
  static async open(
    runtime: Runtime,
    settings: NodeSettings,
    { isReplica, ...cells }: StoredCells,
    logger: Logger,
  ): Promise<DiskStore> {
    const place = { path: settings.dataDirectory, recover: settings.recover };
    const directory = await NodeDirectory.open(runtime, place, logger);
    try {
      const hashSeed = runtime.random.uint32();
      const renew = (): Promise<void> => directory.renewIdentity(runtime.random, logger);
      const onLoss = async (): Promise<void> => {
        await directory.forgetSeen();
        await renew();
      };
      const annexFile = await AnnexFile.open(runtime.disk, directory.path, logger);
      const isWhole = (await directory.isContinued()) && !annexFile.hasLostRows;
      if (!isReplica || !isWhole) await directory.forgetSeen();
      // Who has the only copy loses what it loses; of a replica, others may have what it wrote and does not know any more.
      if (isReplica && (annexFile.hasLostRows || (await directory.mayLackRows()))) await renew();
      const engine = await openEngine({ runtime, settings, cells, hashSeed, logger, onLoss });
      try {
        return await openOn({ runtime, directory, engine, annexFile, hashSeed, logger }, settings.recover);
      } catch (cause) {
        await engine.close();
        throw cause;
      }
    } catch (cause) {
      await directory.close(false);
      throw cause;
    }
  }

  constructor(parts: {
    readonly directory: NodeDirectory;
    readonly engine: LsmEngine;
    readonly stamper: Stamper;
    readonly databases: DatabaseMap;
    readonly abandoned: readonly number[];
    readonly hashSeed: number;
    readonly checkpoints: Checkpoints;
    readonly ownKeyspaces: OwnKeyspaces;
    readonly annexFile: AnnexFile;
  }) {
    this.directory = parts.directory;
    this.engine = parts.engine;
    this.stamper = parts.stamper;
    this.databases = parts.databases;
    this.abandoned = parts.abandoned;
    this.hashSeed = parts.hashSeed;
    this.checkpoints = parts.checkpoints;
    this.ownKeyspaces = parts.ownKeyspaces;
    this.annexFile = parts.annexFile;
  }

  /**
   * Under "always", replies wait for all that they may speak of: a read may have seen what is not durable yet. Else
   * only those who write wait, when the disk does not keep up; and who only reads is answered whatever ails the log: it
   * does not give rows away that it has not written (PlainRows).
   */
  durable(): Promise<void> | undefined {
    const { writeCount, isRefusing } = this.engine.writes;
    const hasWritten = writeCount !== this.#writeCount;
    this.#writeCount = writeCount;
    if (!hasWritten && (isRefusing || this.engine.syncing.policy !== "always")) return undefined;
    return this.engine.durable();
  }

  applySettings({ fsync }: NodeSettings): void {
    const { syncing } = this.engine;
    if (syncing.policy !== fsync) syncing.policy = fsync;
  }

  /** Nobody keeps count: nothing is evicted. */
  usage(): RowUsage | undefined {
    return undefined;
  }

  /** Row key and cell, as they were put. */
  rowBytes(key: RowKey): Awaitable<number | undefined> {
    const keyBytes = key.length;
    const range: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
    return whenReady(this.engine.get(key, range), (isThere) =>
      isThere ? keyBytes + range.end - range.start : undefined,
    );
  }

  makeRoom(): boolean {
    return true;
  }

  maintain(): boolean {
    return false;
  }

  /** Resolves when everything is durable, whatever the policy, and the directory is free. */
  async close(): Promise<void> {
    let isWhole = false;
    try {
      await this.engine.close();
      isWhole = true;
      await this.checkpoints.settled();
    } finally {
      await this.directory.close(isWhole);
    }
  }
}

function openEngine({
  runtime,
  settings,
  cells,
  hashSeed,
  logger,
  onLoss,
}: {
  runtime: Runtime;
  settings: NodeSettings;
  cells: Pick<LsmEngineOptions, "rules" | "traits">;
  hashSeed: number;
  logger: Logger;
  onLoss: () => Promise<void>;
}): Promise<LsmEngine> {
  const memtableBytes = settings.memtableBytes ?? suitableMemtableBytes(runtime.host);
  return LsmEngine.open({
    runtime,
    directory: settings.dataDirectory,
    ...cells,
    tasks: { flush, merge },
    hashSeed,
    logger,
    fsync: settings.fsync,
    segmentBytes: memtableBytes,
    picker: pickerFor(memtableBytes),
    cacheBytes: settings.blockCacheBytes ?? suitableCacheBytes(runtime.host),
    diskTimeoutMs: settings.diskTimeoutMs,
    recover: settings.recover,
    onLoss,
  });
}

interface Opened {
  readonly runtime: Runtime;
  readonly directory: NodeDirectory;
  readonly engine: LsmEngine;
  readonly annexFile: AnnexFile;
  readonly hashSeed: number;
  readonly logger: Logger;
}

async function openOn(
  { runtime, directory, engine, annexFile, hashSeed, logger }: Opened,
  recover: boolean,
): Promise<DiskStore> {
  const { clock, disk } = runtime;
  const ownKeyspaces = await OwnKeyspaces.open(disk, directory.path);
  const stamper = new Stamper(directory.identity, engine.newestWallMs);
  const row = new DatabaseRow({ engine, stamper, clock, hashSeed });
  const numbers = await row.load();
  if (numbers === undefined && !recover) refuseOrphans(engine);
  const databases = Uint8Array.from(
    { length: DATABASE_COUNT },
    (_, database) => numbers?.[database] ?? database,
  );
  if (numbers === undefined) row.keep(databases);
  const abandoned = unusedNumbers(databases).filter((number) => engine.counts(number).rows > 0);
  return new DiskStore({
    directory,
    engine,
    stamper,
    databases: new DatabaseMap(databases, new Set(abandoned), row),
    abandoned,
    hashSeed,
    checkpoints: new Checkpoints({
      ...{ runtime, engine, directory: directory.path, logger },
      accompany: (target) => ownKeyspaces.copyTo(runtime.disk, target),
    }),
    ownKeyspaces,
    annexFile,
  });
}

/** Rows under a number that only the row of numbers can have given them, and it is not there. */
function refuseOrphans(engine: LsmEngine): void {
  for (let number = DATABASE_COUNT; number < 255; number++) {
    if (engine.counts(number).rows === 0) continue;
    throw new StoreError(
      "CORRUPTION",
      "not-applied",
      "the row of database numbers is lost; start with --recover to see the databases under the numbers they began with",
    );
  }
}

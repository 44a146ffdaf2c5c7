/** Takes a directory and opens the engine in it. */
import { silentLogger } from "../base/logger.ts";
import { systemCode } from "../runtime/io-error.ts";
import type { Disk, DiskLock, Runtime } from "../runtime/runtime.ts";
import { loadMarker, saveMarker } from "../storage/lsm/directory/store-marker.ts";
import type { FsyncPolicy } from "../storage/lsm/log/commit-plan.ts";
import { LsmEngine } from "../storage/lsm/lsm-engine.ts";
import { DEFAULT_TABLE_SETTINGS } from "../storage/lsm/table/table-writer.ts";
import { task as flush } from "./flush-task.ts";
import { LevelError } from "./level-error.ts";
import { task as merge } from "./merge-task.ts";
import { DEFAULT_STORE_SETTINGS, type Durability, type StoreOpenOptions } from "./store-options.ts";
import { valueRules, valueTraits } from "./stored-value.ts";

export type StoreRuntime = Pick<Runtime, "disk" | "clock" | "random" | "background">;

export interface OpenedStore {
  readonly engine: LsmEngine;
  readonly durability: Durability;
  /** Of the row keys that the engine is asked with. */
  readonly hashSeed: number;
  close(): Promise<void>;
}

/** Rejects with LevelError if the directory is not to be opened, with StoreError CORRUPTION or IO if it cannot be. */
export async function openDirectory(
  runtime: StoreRuntime,
  directory: string,
  options: StoreOpenOptions,
): Promise<OpenedStore> {
  const { disk } = runtime;
  if (options.createIfMissing === false) await requireStore(disk, directory);
  else await disk.makeDirectory(directory);
  const lock = await takeLock(disk, directory);
  try {
    await requireWelcome(disk, directory, options);
    await requireOwn(disk, directory);
    return await openEngine(runtime, directory, options, lock);
  } catch (cause) {
    await lock.release();
    throw cause;
  }
}

const POLICIES: Record<Durability, FsyncPolicy> = { disk: "always", system: "everysec", memory: "everysec" };

async function openEngine(
  runtime: StoreRuntime,
  directory: string,
  options: StoreOpenOptions,
  lock: DiskLock,
): Promise<OpenedStore> {
  const defaults = DEFAULT_STORE_SETTINGS;
  const durability = options.durability ?? defaults.durability;
  const compression = options.compression ?? defaults.compression;
  const hashSeed = runtime.random.uint32();
  const engine = await LsmEngine.open({
    runtime,
    directory,
    rules: valueRules,
    traits: valueTraits,
    tasks: { flush, merge },
    hashSeed,
    logger: silentLogger,
    fsync: POLICIES[durability],
    segmentBytes: 4 * Math.ceil((options.memtableBytes ?? defaults.memtableBytes) / 4),
    cacheBytes: options.cacheBytes ?? defaults.cacheBytes,
    tableSettings: { ...DEFAULT_TABLE_SETTINGS, packing: compression ? "lz4" : "stored" },
  });
  const close = async (): Promise<void> => {
    try {
      await engine.close();
    } finally {
      await runtime.background.close();
      await lock.release();
    }
  };
  return { engine, durability, hashSeed, close };
}

async function requireStore(disk: Disk, directory: string): Promise<void> {
  if (await isStore(disk, directory)) return;
  throw new LevelError("LEVEL_NOT_FOUND", `${directory} does not exist, and createIfMissing is false`);
}

function isStore(disk: Disk, directory: string): Promise<boolean> {
  return disk.exists(`${directory}/CURRENT`);
}

async function requireWelcome(disk: Disk, directory: string, options: StoreOpenOptions): Promise<void> {
  if (options.errorIfExists === true && (await isStore(disk, directory))) {
    throw new LevelError("LEVEL_EXISTS", `${directory} exists already, and errorIfExists is true`);
  }
}

async function requireOwn(disk: Disk, directory: string): Promise<void> {
  const kind = await loadMarker(disk, directory);
  if (kind === "node" || (await disk.exists(`${directory}/IDENTITY`)))
    throw new LevelError("LEVEL_FOREIGN", `${directory} is the data directory of a node, not a store`);
  if (kind === undefined) await saveMarker(disk, directory, "embedded");
}

async function takeLock(disk: Disk, directory: string): Promise<DiskLock> {
  try {
    return await disk.lock(`${directory}/LOCK`);
  } catch (cause) {
    if (systemCode(cause) !== "EAGAIN") throw cause;
    throw new LevelError("LEVEL_LOCKED", `${directory} is in use`, { cause });
  }
}

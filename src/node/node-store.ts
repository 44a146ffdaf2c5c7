/** What a node is built on: an engine, and what engines of one kind can tell or do beyond StorageEngine. */
import type { Awaitable } from "../base/awaitable.ts";
import type { Stamper } from "../replication/stamper.ts";
import type { RowUsage } from "../storage/memory/memory-engine.ts";
import type { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { AnnexFile } from "./annex-file.ts";
import type { DatabaseMap } from "./database-map.ts";
import type { EvictionTally } from "./eviction-tally.ts";
import type { OwnKeyspaces } from "./own-keyspaces.ts";
import type { NodeSettings } from "./settings.ts";
import type { Tuning } from "./tuning.ts";

export interface NodeStore {
  readonly engine: StorageEngine;
  readonly stamper: Stamper;
  /** The engine's methods want the numbers that this gives. */
  readonly databases: DatabaseMap;
  /** Numbers that have rows though no database has them: an earlier life was still dropping them. */
  readonly abandoned: readonly number[];
  /** Of the row keys that the engine is asked with. */
  readonly hashSeed: number;
  /** In force while the node is alone. */
  readonly ownKeyspaces: OwnKeyspaces;
  /** Of stores that evict. */
  readonly evictions?: EvictionTally;
  /** Which keyspaces are in memory beside it; undefined where all rows are. */
  readonly annexFile: AnnexFile | undefined;
  /**
   * Asked before replies are sent: undefined if what was written since the last call is as durable as the
   * settings promise, else a promise of that.
   */
  durable(): Promise<void> | undefined;
  /** Those settings that may change while the node runs. */
  applySettings(settings: NodeSettings & Tuning): void;
  /** How a row has been used; undefined if it is not there, or nobody keeps count. Not a use of it. */
  usage(key: RowKey): RowUsage | undefined;
  /** Bytes that a row takes; undefined if it is not there. Not a use of it. */
  rowBytes(key: RowKey): Awaitable<number | undefined>;
  /** Evicts down to the memory limit, if there is one; false if that is not possible. */
  makeRoom(): boolean;
  /** Some housekeeping; false if there is none left. */
  maintain(): boolean;
  close(): Promise<void>;
}

/**
 * One node: the only place where storage, causality and replication are put together.
 */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { LocalReplica } from "../replication/local-replica.ts";
import { Stamper } from "../replication/stamper.ts";
import type { KeyRef } from "../replication/step.ts";
import { SLOT_COUNT } from "../ring/slot.ts";
import type { Cancel, Clock, Runtime } from "../runtime/runtime.ts";
import { MemoryEngine, type RowUsage } from "../storage/memory/memory-engine.ts";
import { RowKey } from "../storage/row-key.ts";
import type { RowCounts } from "../storage/storage-engine.ts";
import { AbandonedRows } from "./abandoned-rows.ts";
import { soleReplicaRules } from "./cell-rules.ts";
import { DatabaseMap } from "./database-map.ts";
import type { NodeSettings } from "./settings.ts";
import { DEFAULT_TUNING, type Tuning } from "./tuning.ts";

/** How often expired rows are dropped, in steps of how many, and how often freed memory is given back. */
const EXPIRY_INTERVAL_MS = 20;
const EXPIRY_ROWS_MAX = 200;
const UPKEEP_INTERVAL_MS = 100;
/** How long either may keep requests waiting. */
const BACKGROUND_MS_MAX = 2;
const SIBLINGS_MAX = 100;

export async function openNode(
  runtime: Runtime,
  settings: NodeSettings,
  logger: Logger,
): Promise<StorageNode> {
  if (settings.storage !== "memory") {
    throw new StoreError("INVALID_SETTING", "not-applied", "the disk engine is not part of this version");
  }
  return new StorageNode(runtime, settings, logger);
}

export class StorageNode {
  readonly engine: MemoryEngine;
  readonly replica: LocalReplica;
  /** The engine's methods want the numbers that this gives. */
  readonly databases = new DatabaseMap();
  readonly actor: bigint;
  /** Of the row keys that the engine is asked with. */
  readonly hashSeed: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #cancels: readonly Cancel[];
  readonly #rowKey: RowKey;
  readonly #abandonedRows: AbandonedRows;
  /** DEBUG SET-ACTIVE-EXPIRE: false leaves expired rows to be dropped when met. */
  dropsExpired = true;

  constructor(runtime: Runtime, settings: NodeSettings, logger: Logger) {
    this.#clock = runtime.clock;
    this.#logger = logger;
    const stamper = new Stamper(runtime.random);
    this.actor = stamper.actor;
    this.engine = new MemoryEngine({
      rules: soleReplicaRules,
      random: runtime.random,
      clock: runtime.clock,
      memoryBytesMax: settings.maxmemoryBytes,
      evictionPolicy: settings.evictionPolicy,
      evictionSamples: DEFAULT_TUNING.evictionSamples,
    });
    const hashSeed = runtime.random.uint32();
    this.hashSeed = hashSeed;
    this.replica = new LocalReplica(this.engine, stamper, this.databases, {
      siblingsMax: SIBLINGS_MAX,
      hashSeed,
    });
    this.#rowKey = new RowKey(hashSeed);
    this.#abandonedRows = new AbandonedRows(this.engine, runtime.clock, hashSeed);
    this.databases.onAbandoned = (physical) => void this.#dropDatabase(physical);
    this.#cancels = [
      runtime.clock.every(EXPIRY_INTERVAL_MS, () => this.#dropExpired()),
      runtime.clock.every(UPKEEP_INTERVAL_MS, () => this.#work(() => this.engine.maintain())),
    ];
  }

  /** Takes over those settings that may change while the node runs. */
  applySettings(settings: NodeSettings & Tuning): void {
    this.engine.setLimits({
      memoryBytesMax: settings.maxmemoryBytes,
      evictionPolicy: settings.evictionPolicy,
      evictionSamples: settings.evictionSamples,
      lfuLogFactor: settings.lfuLogFactor,
      lfuDecayMinutes: settings.lfuDecayMinutes,
    });
  }

  /** Rows of a database, as sessions number them. */
  counts(database: number): RowCounts {
    return this.engine.counts(this.databases.physicalOf(database));
  }

  /** In which slot the `index`-th row of a database is, and how many rows of the slot come before it. */
  locateRow(database: number, index: number): { readonly slot: number; readonly before: number } {
    const physical = this.databases.physicalOf(database);
    let before = index;
    let slot = 0;
    for (; slot < SLOT_COUNT - 1; slot++) {
      const count = this.engine.slotCount(slot, physical);
      if (before < count) break;
      before -= count;
    }
    return { slot, before };
  }

  /** How a key has been used; undefined if it is not there. Not a use of it. */
  usage(ref: KeyRef): RowUsage | undefined {
    return this.engine.usage(this.#rowKeyOf(ref));
  }

  /** Memory that a key takes, with its share of the index; undefined if it is not there. Not a use of it. */
  rowBytes(ref: KeyRef): number | undefined {
    return this.engine.rowBytes(this.#rowKeyOf(ref));
  }

  /** Evicts down to the memory limit; false if that is not possible. */
  makeRoom(): boolean {
    return this.engine.makeRoom();
  }

  async close(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    this.#abandonedRows.close();
    await this.engine.close();
    this.#logger.info({}, "node closed");
  }

  /** Valid until the next call. */
  #rowKeyOf({ database, key }: KeyRef): RowKey {
    this.#rowKey.encode(this.databases.physicalOf(database), key, 0, key.length);
    return this.#rowKey;
  }

  async #dropDatabase(physical: number): Promise<void> {
    await this.#abandonedRows.drop(physical);
    this.databases.release(physical);
  }

  #dropExpired(): void {
    const wallMs = this.#clock.wallMs();
    if (this.dropsExpired) this.#work(() => this.engine.dropExpired(wallMs, EXPIRY_ROWS_MAX) > 0);
  }

  /** Takes steps while they find something to do, and time is left. */
  #work(step: () => boolean): void {
    const endMs = this.#clock.monotonicMs() + BACKGROUND_MS_MAX;
    while (step() && this.#clock.monotonicMs() < endMs);
  }
}

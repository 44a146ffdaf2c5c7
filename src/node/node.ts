/**
 * One node: the only place where storage, causality and replication are put together.
 */
import type { Awaitable } from "../base/awaitable.ts";
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { NOTHING_KNOWN } from "../causality/encoded-cell.ts";
import type { Keyspace } from "../membership/topology.ts";
import { LocalReplica } from "../replication/local-replica.ts";
import { SiblingTally } from "../replication/sibling-tally.ts";
import type { Stamper } from "../replication/stamper.ts";
import type { KeyRef } from "../replication/step.ts";
import { SLOT_COUNT } from "../ring/slot.ts";
import { DemandTick } from "../runtime/demand-tick.ts";
import type { Cancel, Clock, Disk, Runtime } from "../runtime/runtime.ts";
import { DividedEngine } from "../storage/divided/divided-engine.ts";
import type { CellTraits } from "../storage/lsm/table/cell-traits.ts";
import type { RowUsage } from "../storage/memory/memory-engine.ts";
import { RowKey } from "../storage/row-key.ts";
import type { CellRules, RowCounts } from "../storage/storage-engine.ts";
import { AbandonedRows } from "./abandoned-rows.ts";
import { AnnexKeeper } from "./annex-keeper.ts";
import { cellTraits, clusterRules, soleReplicaRules } from "./cell-rules.ts";
import { type ClusterSettings, clusterSettingsOf, type FixedCluster } from "./cluster/cluster-begin.ts";
import { ClusterNode } from "./cluster-node.ts";
import { type DatabaseMap, OWN_NUMBER } from "./database-map.ts";
import { DiskStore } from "./disk-store.ts";
import { EvictionTally } from "./eviction-tally.ts";
import type { KeyspaceBook } from "./keyspace-book.ts";
import { MemoryStore } from "./memory-store.ts";
import type { NodeStore } from "./node-store.ts";
import type { ScrubProgress } from "./scrub.ts";
import { DATABASE_COUNT, type NodeSettings } from "./settings.ts";
import { TableCare } from "./table-care.ts";
import type { Tuning } from "./tuning.ts";

/** How often to look for expired rows, and while there are any; in steps of how many they are dropped, and how often freed memory is given back. */
const EXPIRY_BUSY_MS = 20;
const EXPIRY_ROWS_MAX = 200;
const UPKEEP_INTERVAL_MS = 100;
/** How long either may keep requests waiting. */
const BACKGROUND_MS_MAX = 2;
const SIBLINGS_MAX = 100;

/** Resolves when the data can be read and written. Rejects with StoreError IO, CORRUPTION or INVALID_SETTING. */
export async function openNode(
  runtime: Runtime,
  settings: NodeSettings,
  logger: Logger,
  { fixed, stop, speaks, hintBytesMax, rules: ownRules, traits = cellTraits }: OpenOptions = {},
): Promise<StorageNode> {
  const cluster = fixed ?? clusterSettingsOf(settings, runtime.host);
  const siblings = new SiblingTally();
  const chosenRules = ownRules ?? (cluster === undefined ? soleReplicaRules : clusterRules);
  const rules = siblings.watching(chosenRules);
  const isReplica = chosenRules !== soleReplicaRules;
  const store =
    settings.storage === "memory"
      ? new MemoryStore(runtime, settings, rules)
      : await DiskStore.open(runtime, settings, { rules, traits, isReplica }, logger);
  const node = new StorageNode(runtime, store, logger, { rules, siblings });
  if (cluster === undefined) node.standAlone();
  else await node.enter(runtime, settings, cluster, { stop, speaks, hintBytesMax });
  node.careForTables(runtime.disk, settings.scrubBytesPerSecond);
  return node;
}

export interface OpenOptions {
  /** In place of what the settings say of a cluster. */
  readonly fixed?: FixedCluster | undefined;
  /** Aborted: do not wait any more to become a member of a cluster. */
  readonly stop?: AbortSignal | undefined;
  /** The highest version of the peer protocol that it owns up to, as a node of an earlier version would; undefined: all it knows. */
  readonly speaks?: number | undefined;
  /** How much it keeps for nodes that are down, in place of what suits its storage. */
  readonly hintBytesMax?: number | undefined;
  /** What the store does with cells, in place of what suits a node alone or in a cluster. */
  readonly rules?: CellRules | undefined;
  /** What a store on disk reads off them to sum them up, while they are in memory. */
  readonly traits?: CellTraits | undefined;
}

/** A node alone, at once. */
export function openMemoryNode(runtime: Runtime, settings: NodeSettings, logger: Logger): StorageNode {
  const siblings = new SiblingTally();
  const rules = siblings.watching(soleReplicaRules);
  return new StorageNode(runtime, new MemoryStore(runtime, settings, rules), logger, { rules, siblings });
}

export interface NodeCells {
  readonly rules: CellRules;
  readonly siblings?: SiblingTally;
}

export class StorageNode {
  /** What the store has, and beside it the keyspaces in memory. */
  readonly engine: DividedEngine;
  readonly replica: LocalReplica;
  /** The engine's methods want the numbers that this gives. */
  readonly databases: DatabaseMap;
  readonly actor: bigint;
  /** Of its copies of keys, by keyspace. */
  readonly siblings: SiblingTally;
  readonly stamper: Stamper;
  /** Of the row keys that the engine is asked with. */
  readonly hashSeed: number;
  readonly #store: NodeStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #cancels: Cancel[];
  readonly #expiryTick: DemandTick;
  readonly #rowKey: RowKey;
  readonly #abandonedRows: AbandonedRows;
  readonly #annexes: AnnexKeeper;
  readonly #evictions: EvictionTally;
  readonly #keyspaceOf = (bytes: Uint8Array, start: number, end: number): string =>
    this.keyspaces.keyspaces.of(bytes, start, end).name;
  #cluster: ClusterNode | undefined;
  #care: TableCare | undefined;
  #expiring: Promise<unknown> | undefined;
  /** DEBUG SET-ACTIVE-EXPIRE: false leaves expired rows to be dropped when met. */
  dropsExpired = true;

  /** `rules`: as the store's engine has them; `siblings`: whom its merges tell. */
  constructor(
    runtime: Pick<Runtime, "clock" | "random">,
    store: NodeStore,
    logger: Logger,
    { rules, siblings = new SiblingTally() }: NodeCells,
  ) {
    const { stamper, databases, hashSeed } = store;
    const { clock, random } = runtime;
    this.#evictions = store.evictions ?? new EvictionTally();
    const engine = new DividedEngine({
      main: store.engine,
      ...{ rules, traits: cellTraits, nothing: NOTHING_KNOWN, hashSeed, random, clock },
      onEvicted: (rowKey) => this.#evictions.note(rowKey),
    });
    this.#clock = clock;
    this.#logger = logger;
    this.#store = store;
    this.actor = stamper.actor;
    this.stamper = stamper;
    this.engine = engine;
    this.databases = databases;
    this.hashSeed = hashSeed;
    this.replica = new LocalReplica(engine, stamper, databases, {
      siblingsMax: SIBLINGS_MAX,
      siblings,
      hashSeed,
    });
    this.siblings = siblings;
    siblings.keyspaceOf = this.#keyspaceOf;
    this.#evictions.keyspaceOf = this.#keyspaceOf;
    this.#rowKey = new RowKey(hashSeed);
    this.#abandonedRows = new AbandonedRows(engine, runtime.clock, hashSeed);
    const synced = (): Promise<void> | undefined => this.disk?.engine.plain.synced();
    this.#annexes = new AnnexKeeper({ engine, file: store.annexFile, clock, synced, logger });
    store.ownKeyspaces.onChanged = ({ all }) => {
      if (this.#cluster === undefined) this.#annexes.adopt(all);
    };
    databases.onAbandoned = (physical) => void this.#dropDatabase(physical);
    for (const physical of store.abandoned) void this.#dropDatabase(physical);
    this.#expiryTick = new DemandTick(runtime.clock, EXPIRY_BUSY_MS, () => this.#dropExpired());
    this.#cancels = [
      runtime.clock.every(UPKEEP_INTERVAL_MS, () => {
        this.#dropExpired();
        this.#work(() => store.maintain());
        this.#work(() => engine.maintain());
      }),
      () => this.#expiryTick.close(),
    ];
  }

  /** The declared keyspaces: its cluster's, or its own. */
  get keyspaces(): KeyspaceBook {
    return this.#cluster?.keyspaces ?? this.#store.ownKeyspaces;
  }

  /** Its part in a cluster; undefined while it is alone. */
  get cluster(): ClusterNode | undefined {
    return this.#cluster;
  }

  /** Its own keyspaces are in force. Call before anybody uses the node; or `enter`. */
  standAlone(): void {
    this.#annexes.adopt(this.#store.ownKeyspaces.keyspaces.all);
  }

  /**
   * Becomes a member. Call at most once, before anybody uses the node. Rejects with StoreError IO or INVALID_SETTING, and
   * is closed then.
   */
  async enter(
    runtime: Runtime,
    { storage, fsync, dataDirectory, moveBytesPerSecond }: NodeSettings,
    cluster: ClusterSettings | FixedCluster,
    { stop, speaks, hintBytesMax }: Pick<OpenOptions, "stop" | "speaks" | "hintBytesMax">,
  ): Promise<void> {
    const { engine, replica } = this;
    const isSynced = storage === "disk" && fsync === "always";
    if (this.#store.ownKeyspaces.areDeclared) {
      this.#logger.warn({}, "the keyspaces that this node had alone are not in force: its cluster's are");
    }
    try {
      this.#refuseRenumbered();
      const hintDirectory = storage === "disk" ? `${dataDirectory}/hints` : undefined;
      const countRows = (): number => this.#countRows();
      const isBlank = this.disk === undefined || this.disk.directory.identity.origin === "new";
      const rowsOnDisk = this.disk?.engine;
      const own = {
        ...{ engine, replica, isSynced, countRows, isBlank, hintDirectory, hintBytesMax, moveBytesPerSecond },
        dataDirectory: rowsOnDisk === undefined ? undefined : dataDirectory,
        stamps: this.stamper,
        synced: () => rowsOnDisk?.plain.synced(),
        onKeyspaces: (keyspaces: readonly Keyspace[]) => this.#annexes.adopt(keyspaces),
      };
      this.#cluster = await ClusterNode.open(
        { runtime, ...own, logger: this.#logger, stop, speaks },
        cluster,
      );
    } catch (cause) {
      await this.close();
      throw cause;
    }
  }

  /** The disk that the node is on; undefined if it is in memory alone. */
  get disk(): DiskStore | undefined {
    return this.#store instanceof DiskStore ? this.#store : undefined;
  }

  /** Resolves when it is to be opened anew, and told to recover; undefined if that is never so. */
  get recoveryWanted(): Promise<void> | undefined {
    return this.#care?.recoveryWanted;
  }

  /** Its tables are read through, and watched, from now on, if it is on disk. Call at most once. */
  careForTables(disk: Disk, scrubBytesPerSecond: number): void {
    if (this.disk === undefined) return;
    const [clock, logger, store, cluster] = [this.#clock, this.#logger, this.disk, this.#cluster];
    this.#care = new TableCare({ clock, disk, store, cluster, scrubBytesPerSecond, logger });
  }

  /** Undefined if it is in memory alone. */
  get scrub(): ScrubProgress | undefined {
    return this.#care?.scrub;
  }

  /** What its rows take on disk or, if they are in memory alone, there. */
  get storedBytes(): number {
    return this.disk?.engine.statistics.tableBytes ?? this.engine.statistics.liveBytes;
  }

  /** Takes over those settings that may change while the node runs. */
  applySettings(settings: NodeSettings & Tuning): void {
    this.#store.applySettings(settings);
    const { evictionSamples, lfuLogFactor, lfuDecayMinutes } = settings;
    this.engine.setLimits({ evictionSamples, lfuLogFactor, lfuDecayMinutes });
  }

  /** Asked before replies are sent: see NodeStore. */
  durable(): Promise<void> | undefined {
    return this.#store.durable();
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

  /** Rows of the keyspace that went for want of memory, since the start. */
  evictedRows(keyspace: string): number {
    return this.#evictions.of(keyspace);
  }

  /** How a key has been used; undefined if it is not there, or on disk. Not a use of it. */
  usage(ref: KeyRef): RowUsage | undefined {
    const rowKey = this.#rowKeyOf(ref);
    return this.engine.usage(rowKey) ?? this.#store.usage(rowKey);
  }

  /** Bytes that a key takes: see NodeStore. */
  rowBytes(ref: KeyRef): Awaitable<number | undefined> {
    const rowKey = this.#rowKeyOf(ref);
    return this.engine.rowBytes(rowKey) ?? this.#store.rowBytes(rowKey);
  }

  /** Evicts down to the memory limit; false if that is not possible. */
  makeRoom(): boolean {
    return this.#store.makeRoom();
  }

  async close(): Promise<void> {
    const careEnd = this.#care?.close();
    await this.#cluster?.close();
    for (const cancel of this.#cancels) cancel();
    await careEnd;
    await this.#abandonedRows.close();
    await this.#expiring;
    await this.#annexes.close();
    await this.#store.close();
    this.#logger.info({}, "node closed");
  }

  #countRows(): number {
    let rows = 0;
    for (let number = 0; number < OWN_NUMBER; number++) rows += this.engine.counts(number).rows;
    return rows;
  }

  /** Members name a row by its stored number, so all of them must have the same: the ones to begin with. */
  #refuseRenumbered(): void {
    for (let database = 0; database < DATABASE_COUNT; database++) {
      if (this.databases.physicalOf(database) === database) continue;
      const text =
        "this node has swapped or flushed single databases while it was alone, and cannot be a member";
      throw new StoreError("INVALID_SETTING", "not-applied", text);
    }
  }

  /** Valid until the next call. */
  #rowKeyOf({ database, key }: KeyRef): RowKey {
    this.#rowKey.encode(this.databases.physicalOf(database), key, 0, key.length);
    return this.#rowKey;
  }

  async #dropDatabase(physical: number): Promise<void> {
    if (await this.#abandonedRows.drop(physical)) this.databases.release(physical);
  }

  /** True if there may be more. */
  #dropExpired(): boolean {
    if (!this.dropsExpired || this.#expiring !== undefined) return false;
    const wallMs =
      this.#cluster === undefined ? this.#clock.wallMs() : this.#cluster.collector.clocks.passedMs();
    let hasDropped = false;
    this.#work(() => {
      const dropped = this.#dropSome(wallMs);
      if (typeof dropped === "number") {
        hasDropped ||= dropped > 0;
        return dropped > 0;
      }
      this.#expiring = dropped
        .then((count) => {
          if (count > 0) this.#expiryTick.rouse();
        })
        .finally(() => {
          this.#expiring = undefined;
        });
      return false;
    });
    if (hasDropped) this.#expiryTick.rouse();
    return hasDropped;
  }

  /** What the engine refuses now waits for the next time. */
  #dropSome(wallMs: number): Awaitable<number> {
    const refused = (cause: unknown): number => {
      if (!(cause instanceof StoreError)) throw cause;
      this.#logger.debug({ cause }, "expired rows could not be dropped");
      return 0;
    };
    try {
      const dropped = this.engine.dropExpired(wallMs, EXPIRY_ROWS_MAX);
      return typeof dropped === "number" ? dropped : dropped.catch(refused);
    } catch (cause) {
      return refused(cause);
    }
  }

  /** Takes steps while they find something to do, and time is left. */
  #work(step: () => boolean): void {
    const endMs = this.#clock.monotonicMs() + BACKGROUND_MS_MAX;
    while (step() && this.#clock.monotonicMs() < endMs);
  }
}

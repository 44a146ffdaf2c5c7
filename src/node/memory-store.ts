/** Rows in memory only, under an actor that lives as long: nothing of either outlasts the node. */
import { NewLife, Stamper } from "../replication/stamper.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { MemoryEngine, type RowUsage } from "../storage/memory/memory-engine.ts";
import type { RowKey } from "../storage/row-key.ts";
import type { CellRules } from "../storage/storage-engine.ts";

import { DatabaseMap } from "./database-map.ts";
import { EvictionTally } from "./eviction-tally.ts";
import type { NodeStore } from "./node-store.ts";
import { OwnKeyspaces } from "./own-keyspaces.ts";
import type { NodeSettings } from "./settings.ts";
import { DEFAULT_TUNING, type Tuning } from "./tuning.ts";

export class MemoryStore implements NodeStore {
  readonly engine: MemoryEngine;
  readonly stamper: Stamper;
  readonly databases = new DatabaseMap();
  readonly abandoned = [];
  readonly hashSeed: number;
  readonly ownKeyspaces = new OwnKeyspaces();
  readonly evictions = new EvictionTally();
  readonly annexFile = undefined;

  constructor(
    { random, clock }: Pick<Runtime, "random" | "clock">,
    settings: NodeSettings,
    rules: CellRules,
  ) {
    this.stamper = new Stamper(new NewLife(random));
    this.engine = new MemoryEngine({
      rules,
      random,
      clock,
      memoryBytesMax: settings.maxmemoryBytes,
      evictionPolicy: settings.evictionPolicy,
      evictionSamples: DEFAULT_TUNING.evictionSamples,
    });
    this.engine.onDropped = (rowKey, reason) => {
      if (reason === "evicted") this.evictions.note(rowKey);
    };
    this.hashSeed = random.uint32();
  }

  durable(): Promise<void> | undefined {
    return this.engine.durable();
  }

  applySettings(settings: NodeSettings & Tuning): void {
    this.engine.setLimits({
      memoryBytesMax: settings.maxmemoryBytes,
      evictionPolicy: settings.evictionPolicy,
      evictionSamples: settings.evictionSamples,
      lfuLogFactor: settings.lfuLogFactor,
      lfuDecayMinutes: settings.lfuDecayMinutes,
    });
  }

  usage(key: RowKey): RowUsage | undefined {
    return this.engine.usage(key);
  }

  /** With its share of the index. */
  rowBytes(key: RowKey): number | undefined {
    return this.engine.rowBytes(key);
  }

  makeRoom(): boolean {
    return this.engine.makeRoom();
  }

  maintain(): boolean {
    return this.engine.maintain();
  }

  close(): Promise<void> {
    return this.engine.close();
  }
}

/** Rows whose keys have one first word, in memory beside the main engine. */
import type { EvictionPolicy } from "../../base/eviction-policy.ts";
import type { MemoryEngine } from "../memory/memory-engine.ts";
import type { EngineStatistics } from "../storage-engine.ts";

export interface AnnexSettings {
  /** The first word of its keys. */
  readonly name: string;
  /** What its rows and their index may take; 0 for no limit. */
  readonly memoryBytesMax: number;
  readonly evictionPolicy: EvictionPolicy;
}

/**
 * settled    all rows of these keys are in it
 * filling    some may be in the main engine yet: they are carried here, and every write brings its row here
 * emptying   all shall be in the main engine: they are carried there, and every write brings its row there
 */
export type AnnexStage = "settled" | "filling" | "emptying";

export interface Annex {
  settings: AnnexSettings;
  stage: AnnexStage;
  readonly engine: MemoryEngine;
}

/** What others may know of one. */
export interface AnnexStatus extends AnnexSettings {
  readonly stage: AnnexStage;
  readonly rows: number;
  readonly statistics: EngineStatistics;
}

/** True if rows may go from it that nobody has asked to go. */
export function mayEvict({ memoryBytesMax, evictionPolicy }: AnnexSettings): boolean {
  return memoryBytesMax > 0 && evictionPolicy !== "noeviction";
}

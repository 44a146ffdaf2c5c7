/**
 * Checkpoints of a running node: DIR/checkpoints/NAME, or another path, is a data directory of its own, as all was at one
 * moment. Its tables are hard links, so it costs time and space only as they are replaced in the original. It has no
 * IDENTITY: opened, it is a new node, which gives no dot twice.
 *
 * Those that BGSAVE makes are named by their time, "2026-11-22T20-05-38.123Z", and the last few are kept; all others
 * stay.
 */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { removeCheckpoint, writeCheckpoint } from "../storage/lsm/directory/checkpoint.ts";
import type { LsmEngine } from "../storage/lsm/lsm-engine.ts";
import { checkpointTarget } from "./checkpoint-target.ts";

/** How many of those named by their time there are. */
export const SAVES_KEPT = 3;
const TIMED_NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/;

export interface CheckpointsOptions {
  readonly runtime: Pick<Runtime, "disk" | "clock">;
  readonly engine: Pick<LsmEngine, "flush" | "writes">;
  /** The data directory. */
  readonly directory: string;
  /** Adds to a checkpoint what belongs to the directory beside its rows. */
  readonly accompany: (target: string) => Promise<void>;
  readonly logger: Logger;
}

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #clock: Runtime["clock"];
  #saving: { readonly work: Promise<string>; readonly startedMs: number } | undefined;
  #writesAtSave = 0;
  /** By their paths. */
  readonly #making = new Map<string, Promise<unknown>>();
  /** Of saves only. Wall time; the start of the node if there was none yet. */
  lastSaveMs: number;
  lastSaveFailed = false;
  lastSaveTookMs: number | undefined = undefined;
  saveCount = 0;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#clock = options.runtime.clock;
    this.lastSaveMs = this.#clock.wallMs();
  }

  /** For how long a save has been under way; undefined if none is. */
  get savingForMs(): number | undefined {
    return this.#saving === undefined ? undefined : this.#clock.monotonicMs() - this.#saving.startedMs;
  }

  /** Rows written since the last save, or the start. */
  get unsavedWriteCount(): number {
    return this.#options.engine.writes.writeCount - this.#writesAtSave;
  }

  /**
   * Resolves to its path when the checkpoint is durable. `asked`: a name or an absolute path; without, it is named by the
   * time. Rejects with StoreError INVALID_REQUEST if that will not do or is taken, with IO if the disk refuses: then
   * nothing is left of it.
   */
  async create(asked = `at-${timedName(this.#clock.wallMs())}`): Promise<string> {
    const { runtime, directory } = this.#options;
    const place = checkpointTarget(runtime.disk, directory, asked);
    const target = typeof place === "string" ? place : await place;
    if (this.#making.has(target)) {
      throw new StoreError("INVALID_REQUEST", "not-applied", `${target} is being made already`);
    }
    const making = this.#make(target).finally(() => this.#making.delete(target));
    this.#making.set(target, making);
    await making;
    return target;
  }

  /** As `create`, named by the time; then the oldest of these go. One at a time: rejects with INVALID_REQUEST. */
  save(): Promise<string> {
    if (this.#saving !== undefined) {
      const cause = new StoreError("INVALID_REQUEST", "not-applied", "Background save already in progress");
      return Promise.reject(cause);
    }
    const work = this.#save().finally(() => {
      this.#saving = undefined;
    });
    this.#saving = { work, startedMs: this.#clock.monotonicMs() };
    return work;
  }

  /** Resolves when no checkpoint is under way. Requires: the engine closes, too, which ends its wait. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#saving?.work, ...this.#making.values()]); // told to whoever asked for it
  }

  async #make(target: string): Promise<void> {
    const { engine, runtime, directory, accompany } = this.#options;
    const { version, release } = await engine.flush();
    try {
      await writeCheckpoint({ disk: runtime.disk, directory, target, version, logs: [] });
      await accompany(target);
    } finally {
      release();
    }
  }

  async #save(): Promise<string> {
    const { logger, engine } = this.#options;
    const startedMs = this.#clock.monotonicMs();
    const { writeCount } = engine.writes;
    try {
      const target = await this.create(timedName(this.#clock.wallMs()));
      await this.#removeOldest();
      this.lastSaveFailed = false;
      this.lastSaveMs = this.#clock.wallMs();
      this.#writesAtSave = writeCount;
      this.saveCount++;
      logger.info({ target }, "checkpoint saved");
      return target;
    } catch (cause) {
      this.lastSaveFailed = true;
      logger.error({ cause }, "no checkpoint could be saved");
      throw cause;
    } finally {
      this.lastSaveTookMs = this.#clock.monotonicMs() - startedMs;
    }
  }

  async #removeOldest(): Promise<void> {
    const { runtime, directory } = this.#options;
    const names = await runtime.disk.list(`${directory}/checkpoints`);
    const timed = names.filter((name) => TIMED_NAME.test(name));
    for (const name of timed.slice(0, -SAVES_KEPT)) {
      await removeCheckpoint(runtime.disk, `${directory}/checkpoints/${name}`);
    }
  }
}

function timedName(wallMs: number): string {
  return new Date(wallMs).toISOString().replaceAll(":", "-");
}

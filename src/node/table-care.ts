/** What becomes of tables that rot: they are read through (Scrub), and what is damaged is mended if somebody can (DamageWatch). */
import type { Logger } from "../base/logger.ts";
import type { Cancel, Clock, Disk } from "../runtime/runtime.ts";
import type { ClusterNode } from "./cluster-node.ts";
import { DamageWatch } from "./damage-watch.ts";
import type { DiskStore } from "./disk-store.ts";
import { Scrub, type ScrubProgress } from "./scrub.ts";

export interface TableCareParts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly store: Pick<DiskStore, "engine" | "directory">;
  /** Undefined if the node is alone: nobody can bring back what is missing. */
  readonly cluster: ClusterNode | undefined;
  readonly scrubBytesPerSecond: number;
  readonly logger: Logger;
}

const LOOK_MS = 1_000;

export class TableCare {
  readonly #watch: DamageWatch | undefined;
  readonly #scrub: Scrub;
  readonly #cancel: Cancel | undefined;

  /** Begins. */
  constructor(parts: TableCareParts) {
    const { clock, disk, cluster, store, scrubBytesPerSecond, logger } = parts;
    const { engine } = store;
    const directory = `${store.directory.path}/tables`;
    if (cluster !== undefined) {
      const watch = new DamageWatch({
        disk,
        directory,
        damageCount: () => engine.statistics.corruptReads + engine.statistics.damagedCompactions,
        maySpare: () => maySpare(cluster),
        takeTurn: () => cluster.reopening.take(),
        logger,
      });
      this.#watch = watch;
      this.#cancel = clock.every(LOOK_MS, () => watch.onTick(clock.monotonicMs()));
    }
    this.#scrub = new Scrub({
      ...{ clock, disk, directory, logger, bytesPerSecond: scrubBytesPerSecond },
      flush: async () => (await engine.flush()).release(),
      onDamage: (path, damages) => {
        if (this.#watch !== undefined) return this.#watch.onDamage(path, damages);
        logger.error({ path, damages }, "a table is damaged: start this node anew with --recover");
      },
    });
  }

  /** Resolves when the node is to be opened anew, and told to recover; undefined if that is never so. */
  get recoveryWanted(): Promise<void> | undefined {
    return this.#watch?.recoveryWanted;
  }

  get scrub(): ScrubProgress {
    return this.#scrub.progress;
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#cancel?.();
    await this.#scrub.close();
    await this.#watch?.close();
  }
}

/** True if the others can do without the node for a while. */
function maySpare({ view }: ClusterNode): boolean {
  const { members, move } = view.topology;
  const others = members.filter(({ id }) => id !== view.self.id);
  return move === undefined && others.length > 0 && others.every(({ id }) => view.isUp(id));
}

/**
 * Looks whether reads or merges of tables have met damage while the node runs, and says when it is to start anew with what is
 * whole of its directory: what is missing then, the other replicas bring back.
 *
 * A running engine keeps a damaged table: what is whole of it can be read, and its sums tell of all that it had. So nobody can
 * tell which rows are missing before all are read, as a start does that is told to recover. Until then reads are answered by others.
 *
 * Invariant: it is wanted only while all other members are up and no slot moves, and no other replica of its slots starts anew, so that
 * others have what this node lacks meanwhile; and once in a life.
 */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Disk } from "../runtime/runtime.ts";
import { checkPath } from "../storage/lsm/directory/directory-check.ts";

export interface DamageWatchParts {
  readonly disk: Disk;
  /** Where the tables are. */
  readonly directory: string;
  /** Times that somebody has met damage, since the start. */
  readonly damageCount: () => number;
  /** True if the others can do without this node for a while. */
  readonly maySpare: () => boolean;
  /** Resolves to whether it is this node's turn: no other replica of its slots starts anew now, or has just done so. */
  readonly takeTurn: () => Promise<boolean>;
  readonly logger: Logger;
}

/** A read may have gone wrong by itself: not each is looked into. */
const BETWEEN_LOOKS_MS = 60_000;
/** It may be another's turn. */
const BETWEEN_TURNS_MS = 5_000;
const TABLE = /\.sst$/;

export class DamageWatch {
  /** Resolves when it is to start anew, if ever. */
  readonly recoveryWanted: Promise<void>;
  readonly #parts: DamageWatchParts;
  #want!: () => void;
  #countSeen = 0;
  #nextLookMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  #isDamaged = false;
  #taking: Promise<void> | undefined;
  #nextTurnMs = Number.NEGATIVE_INFINITY;

  constructor(parts: DamageWatchParts) {
    this.#parts = parts;
    this.recoveryWanted = new Promise((resolve) => {
      this.#want = resolve;
    });
  }

  /** Somebody else has looked, and has found that table damaged. */
  onDamage(path: string, damages: readonly string[]): void {
    const { logger } = this.#parts;
    logger.error({ path, damages }, "a table is damaged: reads of it are answered by other replicas");
    if (!this.#isDamaged)
      logger.warn({}, "once all other nodes are up, this one starts anew with what is whole");
    this.#isDamaged = true;
  }

  /** Needs to be called every second or so. */
  onTick(nowMs: number): void {
    const { damageCount, logger } = this.#parts;
    if (this.#isDamaged) {
      this.#takeTurn(nowMs);
      return;
    }
    const count = damageCount();
    if (count === this.#countSeen || this.#looking !== undefined || nowMs < this.#nextLookMs) return;
    this.#countSeen = count;
    this.#nextLookMs = nowMs + BETWEEN_LOOKS_MS;
    this.#looking = this.#look().then(
      () => {
        this.#looking = undefined;
      },
      (cause: unknown) => {
        if (!(cause instanceof StoreError)) throw cause;
        this.#looking = undefined;
        logger.warn({ cause }, "what is damaged cannot be looked at now");
      },
    );
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    await this.#looking;
    await this.#taking;
  }

  #takeTurn(nowMs: number): void {
    const { maySpare, takeTurn } = this.#parts;
    if (this.#taking !== undefined || nowMs < this.#nextTurnMs || !maySpare()) return;
    this.#nextTurnMs = nowMs + BETWEEN_TURNS_MS;
    this.#taking = takeTurn().then((isMine) => {
      this.#taking = undefined;
      if (isMine && maySpare()) this.#want();
    });
  }

  /** Tables alone: the newest log is being written. */
  async #look(): Promise<void> {
    const { disk, directory } = this.#parts;
    const names = (await disk.list(directory)).filter((name) => TABLE.test(name));
    for (const name of names) {
      const path = `${directory}/${name}`;
      for (const { damages } of await checkPath(disk, path).catch(unlessGone(disk, path))) {
        if (damages.length > 0) this.onDamage(path, damages);
      }
    }
  }
}

/** Tables come and go. */
function unlessGone(disk: Disk, path: string) {
  return async (cause: unknown): Promise<readonly []> => {
    if (cause instanceof StoreError && !(await disk.exists(path))) return [];
    throw cause;
  };
}

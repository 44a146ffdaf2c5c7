/**
 * Keeps keyspaces with storage memory in engines of their own (annexes), as the keyspaces in force say: what is declared over
 * rows that are there is brought to where it shall be, while requests go on.
 */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Keyspace } from "../membership/topology.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { AnnexSettings } from "../storage/divided/annex.ts";
import type { DividedEngine } from "../storage/divided/divided-engine.ts";
import { type AnnexFile, type AnnexNames, NO_ANNEXES } from "./annex-file.ts";

/** About a millisecond's worth, and how long requests have their turn in between. */
const SLICE_ROWS = 500;
const PAUSE_MS = 1;
/** How soon to try again what the disk has refused. */
const RETRY_MS = 1_000;

export interface AnnexKeeperParts {
  readonly engine: DividedEngine;
  /** Undefined where all rows are in memory. */
  readonly file: AnnexFile | undefined;
  readonly clock: Pick<Clock, "sleep">;
  /** As `durable` of the engine, whatever the policy. */
  readonly synced: () => Promise<void> | undefined;
  readonly logger: Logger;
}

export class AnnexKeeper {
  readonly #parts: AnnexKeeperParts;
  readonly #closing = new AbortController();
  #wanted: readonly AnnexSettings[] | undefined;
  /** What of that the engine has been told. */
  #arranged: readonly AnnexSettings[] | undefined;
  /** In the file. */
  #saved: AnnexNames;
  #isWorking = false;
  #work: Promise<void> | undefined;

  /** Every name that the file knows has its annex at once: until it is told, nobody knows which are wanted. */
  constructor(parts: AnnexKeeperParts) {
    this.#parts = parts;
    this.#saved = parts.file?.known ?? NO_ANNEXES;
    const { names, settled } = this.#saved;
    if (names.length > 0) parts.engine.arrange(names.map(unlimited), (name) => settled.includes(name));
  }

  /** These keyspaces are in force. They are kept so in a moment: until then, rows are where they were. */
  adopt(keyspaces: readonly Keyspace[]): void {
    const wanted = keyspaces.flatMap((keyspace) => annexOf(keyspace));
    const isNothingNew = wanted.length === 0 && this.#wanted === undefined && this.#saved.names.length === 0;
    if (isNothingNew || JSON.stringify(wanted) === JSON.stringify(this.#wanted)) return;
    this.#wanted = wanted;
    this.#parts.engine.confineEviction(wanted);
    if (!this.#isWorking) this.#work = this.#run();
  }

  /** Resolves when the engine is left alone. Rows that shall be in the main engine are brought there, if it takes them. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#work;
    try {
      await this.#arrange();
      for (let rows = Infinity; this.#emptyingRows() < rows; ) {
        rows = this.#emptyingRows();
        await this.#parts.engine.carry(SLICE_ROWS);
      }
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
    }
  }

  /** Until all is as it is wanted, which may change meanwhile. */
  async #run(): Promise<void> {
    const { engine, clock, logger } = this.#parts;
    const { signal } = this.#closing;
    this.#isWorking = true;
    while (!signal.aborted) {
      try {
        await this.#arrange();
        if (engine.isCarrying) await this.#carrySome();
        else if ((await this.#note(this.#names())) && this.#arranged === this.#wanted) break;
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
        logger.debug({ cause }, "rows could not be brought to where they shall be");
        await clock.sleep(RETRY_MS, signal).catch(() => undefined); // closing: said above
      }
    }
    this.#isWorking = false;
  }

  async #arrange(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === undefined || wanted === this.#arranged) return;
    const { engine } = this.#parts;
    const { names, settled } = this.#names();
    const wantedNames = wanted.map(({ name }) => name);
    await this.#note({
      names: sorted([...names, ...wantedNames]),
      settled: settled.filter((name) => wantedNames.includes(name)),
    });
    engine.arrange(wanted, () => false);
    this.#arranged = wanted;
  }

  async #carrySome(): Promise<void> {
    const { engine, clock } = this.#parts;
    await engine.carry(SLICE_ROWS);
    await engine.durable();
    await clock.sleep(PAUSE_MS, this.#closing.signal).catch(() => undefined); // closing: whoever called looks
  }

  /** True if the file says so already; else when it does, it may not be so any more. */
  async #note(names: AnnexNames): Promise<boolean> {
    const { file, synced } = this.#parts;
    if (file === undefined || JSON.stringify(names) === JSON.stringify(this.#saved)) return true;
    await synced(); // what is settled would be on disk again after a crash
    await file.save(names);
    this.#saved = names;
    return false;
  }

  /** As the engine has them. */
  #names(): AnnexNames {
    const annexes = this.#parts.engine.annexes();
    const settled = annexes.filter(({ stage }) => stage === "settled");
    return {
      names: sorted(annexes.map(({ name }) => name)),
      settled: sorted(settled.map(({ name }) => name)),
    };
  }

  #emptyingRows(): number {
    const emptying = this.#parts.engine.annexes().filter(({ stage }) => stage === "emptying");
    return emptying.reduce((sum, { rows }) => sum + rows, 0);
  }
}

/** None, or one. */
export function annexOf({ name, memory }: Keyspace): readonly AnnexSettings[] {
  if (memory === undefined) return [];
  return [{ name, memoryBytesMax: memory.bytesMax, evictionPolicy: memory.evictionPolicy }];
}

function unlimited(name: string): AnnexSettings {
  return { name, memoryBytesMax: 0, evictionPolicy: "noeviction" };
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

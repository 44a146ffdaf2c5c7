/**
 * Reads through the node's tables in the background, again and again, and compares them with every checksum that they carry: what
 * nobody reads rots unseen else, until the other copies have rotted, too.
 *
 *   pass    memtables are flushed, so that no row rests on a log for longer than a pass; then every table that is there,
 *           the oldest first; those that come meanwhile are of the next pass
 *   rest    an hour, or as long as the pass took
 *
 * Invariant: it reads no more in a second than it is allowed to, and less while the node's turns take long; unless a pass would take
 * more than a month: then just as much as it takes. A table counts as damaged once it was found so twice: a read may go wrong by itself.
 */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Clock, Disk } from "../runtime/runtime.ts";
import { turnPause } from "../runtime/turn-pause.ts";
import { checkTableFile, type FileCheck } from "../storage/lsm/directory/file-check.ts";
import { tableNumberOf } from "../storage/lsm/manifest/table-entry.ts";

export interface ScrubParts {
  readonly clock: Clock;
  readonly disk: Disk;
  /** Where the tables are. */
  readonly directory: string;
  /** 0: not at all. */
  readonly bytesPerSecond: number;
  /** Resolves when all rows put so far are in tables. Rejects with StoreError. */
  readonly flush: () => Promise<void>;
  /** Told of each table that is damaged, once. */
  readonly onDamage: (path: string, damages: readonly string[]) => void;
  readonly logger: Logger;
}

/** Since the start. */
export interface ScrubProgress {
  readonly isRunning: boolean;
  readonly passes: number;
  /** When the last pass was over; 0 if none is. */
  readonly lastPassWallMs: number;
  readonly lastPassTookMs: number;
  readonly bytes: number;
  /** Tables found damaged. */
  readonly faults: number;
}

/** Whoever has just started has other things to do. */
const FIRST_MS = 60_000;
const REST_MS_MIN = 3_600_000;
const PASS_SECONDS_MAX = 30 * 86_400;
/** A sleep that ends so much later than it should tells of long turns. */
const LATE_MS = 20;
const LATE_FACTOR = 5;
const LATE_MS_MAX = 1_000;

export class Scrub {
  readonly #parts: ScrubParts;
  readonly #closing = new AbortController();
  readonly #damaged = new Set<string>();
  readonly #end: Promise<void>;
  #isRunning = false;
  #passes = 0;
  #lastPassWallMs = 0;
  #lastPassTookMs = 0;
  #bytes = 0;
  #bytesPerSecond: number;

  /** Begins. */
  constructor(parts: ScrubParts) {
    this.#parts = parts;
    this.#bytesPerSecond = parts.bytesPerSecond;
    this.#end = parts.bytesPerSecond === 0 ? Promise.resolve() : this.#run();
  }

  get progress(): ScrubProgress {
    return {
      isRunning: this.#isRunning,
      passes: this.#passes,
      lastPassWallMs: this.#lastPassWallMs,
      lastPassTookMs: this.#lastPassTookMs,
      bytes: this.#bytes,
      faults: this.#damaged.size,
    };
  }

  /** Resolves when no file is open any more. */
  async close(): Promise<void> {
    this.#closing.abort(new StoreError("CLOSED", "not-applied", "the node is closing"));
    await this.#end;
  }

  /** Never rejects but by a defect. */
  async #run(): Promise<void> {
    const { clock, logger } = this.#parts;
    const { signal } = this.#closing;
    for (let restMs = FIRST_MS; ; ) {
      await clock.sleep(restMs, signal).catch(() => undefined); // closing: looked at next
      if (signal.aborted) return;
      const startedMs = clock.monotonicMs();
      this.#isRunning = true;
      try {
        await this.#pass();
        this.#passes++;
        this.#lastPassWallMs = clock.wallMs();
        this.#lastPassTookMs = clock.monotonicMs() - startedMs;
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
        if (!signal.aborted) logger.warn({ cause }, "a pass through all tables was given up");
      } finally {
        this.#isRunning = false;
      }
      restMs = Math.max(REST_MS_MIN, clock.monotonicMs() - startedMs);
    }
  }

  async #pass(): Promise<void> {
    const { disk, directory, flush } = this.#parts;
    await flush();
    const numbers = (await disk.list(directory))
      .map((name) => ({ name, number: tableNumberOf(name) }))
      .filter(({ number }) => number !== undefined)
      .sort((a, b) => a.number! - b.number!);
    let passBytes = 0;
    for (const { name } of numbers) passBytes += await this.#sizeOf(`${directory}/${name}`);
    this.#bytesPerSecond = Math.max(this.#parts.bytesPerSecond, passBytes / PASS_SECONDS_MAX);
    for (const { name } of numbers) {
      const path = `${directory}/${name}`;
      if (!this.#damaged.has(path)) await this.#look(path);
    }
  }

  async #look(path: string): Promise<void> {
    const { logger, onDamage } = this.#parts;
    const first = await this.#check(path);
    if (first === undefined || first.damages.length === 0) return;
    const second = await this.#check(path);
    if (second === undefined) return;
    if (second.damages.length === 0) {
      logger.warn({ path, damages: first.damages }, "a table was read wrongly once: mistrust its disk");
      return;
    }
    this.#damaged.add(path);
    onDamage(path, second.damages);
  }

  /** Undefined if it is there no more: tables come and go. */
  async #check(path: string): Promise<FileCheck | undefined> {
    const { disk } = this.#parts;
    try {
      return await checkTableFile(disk, path, {
        pace: (bytes) => this.#pace(bytes),
        depth: "checksums",
      });
    } catch (cause) {
      if (!(cause instanceof StoreError) || this.#closing.signal.aborted || (await disk.exists(path)))
        throw cause;
      return undefined;
    }
  }

  async #sizeOf(path: string): Promise<number> {
    const { disk } = this.#parts;
    const file = await disk.open(path, { create: false }).catch(() => undefined); // it is there no more
    if (file === undefined) return 0;
    try {
      return await file.sizeBytes();
    } finally {
      await file.close();
    }
  }

  async #pace(bytes: number): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#closing;
    signal.throwIfAborted();
    if (bytes === 0) return await turnPause(clock);
    this.#bytes += bytes;
    const startedMs = clock.monotonicMs();
    const restMs = (1_000 * bytes) / this.#bytesPerSecond;
    await clock.sleep(restMs, signal);
    const lateMs = clock.monotonicMs() - startedMs - restMs;
    if (lateMs > LATE_MS) await clock.sleep(Math.min(LATE_FACTOR * lateMs, LATE_MS_MAX), signal);
  }
}

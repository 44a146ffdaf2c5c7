/**
 * Brings the rows of segments to their files: one write or sync under way at a time, everything that was put meanwhile
 * in the next batch. What to do next is decided in commit-plan.ts.
 *
 * When a file cannot be written, puts are refused (`refusal`) and whoever waits is told "unknown": the rows are in
 * memory, and are written as soon as a retry succeeds, by itself. Nothing acknowledged is lost, for a segment stays in
 * memory until its file is complete. So it is with a disk that neither does its work nor says that it cannot, after a
 * while: until it answers.
 *
 * Hot: `onPut` and `durable`; watched by `bench -- log`.
 */
import { assert } from "../../../base/assert.ts";
import { StoreError } from "../../../base/errors.ts";
import { systemCode } from "../../../runtime/io-error.ts";
import type { Cancel, Clock, Disk } from "../../../runtime/runtime.ts";
import { BatchWaiters } from "./batch-waiters.ts";
import { type FsyncPolicy, type LogState, nextStep, WRITE_INTERVAL_MS } from "./commit-plan.ts";
import { LogFile } from "./log-file.ts";
import { logName } from "./log-name.ts";
import type { LogCounters, LogWriterOptions } from "./log-options.ts";
import { Patience } from "./patience.ts";
import type { Segment } from "./segment.ts";

const RETRY_MS = 1000;
/** A write or sync that takes longer makes writers wait, whatever the policy. */
const STALL_MS = 2000;
/** One that takes longer may never end: writers are refused. */
const SILENCE_MS_MAX = 10_000;
const BACKLOG_BYTES_MAX = 32 * 1024 * 1024;
/** So few bytes, when somebody waits for them, are not worth waiting for another thread. */
const AT_ONCE_BYTES_MAX = 128 * 1024;
/** After a sync that was as quick as this, the next one that is awaited is not worth waiting for another thread either. */
const QUICK_SYNC_MS = 1;
/** Between two syncs, how much of a sync's time, and how many turns of the event loop, writers have to come back. */
const GATHER_SHARE = 0.3;
const GATHER_TURNS_MAX = 100;

export class LogWriter {
  readonly counters: LogCounters = {
    batches: 0,
    writtenBytes: 0,
    syncs: 0,
    syncMs: 0,
    lastSyncTookMs: 0,
    failures: 0,
    silences: 0,
  };
  readonly #clock: Clock;
  readonly #disk: Disk;
  readonly #options: LogWriterOptions;
  readonly #backlogBytesMax: number;
  readonly #quickSyncMs: number;
  readonly #waiters = new BatchWaiters();
  /** Those who wait for the disk whatever the policy: while there are any, it is as "always". */
  readonly #syncWaiters = new BatchWaiters();
  /** Those who wait for the system: while there are any, rows are written at once. */
  readonly #writeWaiters = new BatchWaiters();
  /** Those not finished yet, oldest first: of the first, rows are being written; into the last, rows are put. */
  #files: LogFile[];
  #active: LogFile;
  #policy: FsyncPolicy;
  #sealedBatch = 0;
  #writtenBatch = 0;
  #durableBatch = 0;
  #isBusy = false;
  #isResting = true;
  #isStalled = false;
  #stepStartMs = 0;
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #lastWrittenBytes = 0;
  #lastSyncMs = Number.NEGATIVE_INFINITY;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  readonly #patience: Patience;
  #isSilent = false;
  #trouble: StoreError | undefined;
  #refusal: StoreError | undefined;
  #cancelTicks: Cancel | undefined;
  #closing: { readonly resolve: () => void; readonly reject: (cause: unknown) => void } | undefined;
  readonly #onWake = (): void => this.#wake();

  constructor(options: LogWriterOptions) {
    const { runtime, policy, segment } = options;
    const { backlogBytesMax = BACKLOG_BYTES_MAX, quickSyncMs = QUICK_SYNC_MS } = options;
    const { silenceMsMax = SILENCE_MS_MAX } = options;
    this.#clock = runtime.clock;
    this.#disk = runtime.disk;
    this.#options = options;
    this.#policy = policy;
    this.#backlogBytesMax = backlogBytesMax;
    this.#quickSyncMs = quickSyncMs;
    this.#patience = new Patience(runtime.clock, silenceMsMax, (waitedMs) => this.#onSilence(waitedMs));
    this.#active = this.#fileOf(segment);
    this.#files = [this.#active];
  }

  /** Set while the log cannot be written: to be thrown by whoever wants to put, with nothing changed. */
  get refusal(): StoreError | undefined {
    return this.#refusal;
  }

  /** True if rows may be in memory that a power failure would take, though the policy is that nobody hears of such rows. */
  get keepsRowsBack(): boolean {
    return this.#refusal !== undefined && this.#policy === "always";
  }

  /** True if the row at `offset` of the segment is on the disk. */
  isDurable(segment: Segment, offset: number): boolean {
    const file = this.#files.find((each) => each.segment === segment);
    return file === undefined || offset < file.durableBytes;
  }

  /** Bytes of rows that are in memory only. */
  get backlogBytes(): number {
    let bytes = 0;
    for (const file of this.#files) bytes += file.unwrittenBytes;
    return bytes;
  }

  get policy(): FsyncPolicy {
    return this.#policy;
  }

  set policy(policy: FsyncPolicy) {
    this.#policy = policy;
    this.#settleWaiters();
    this.#rouse();
  }

  /** Rows were put into the active segment. Call once after each, or after a few in one turn. */
  onPut(): void {
    if (this.#isResting) this.#rouse();
  }

  /** The next rows come into `segment`. Its number is one more than the last one's. */
  rotate(segment: Segment): void {
    assert(segment.number === this.#active.segment.number + 1, "log files are numbered without a gap");
    if (this.#active.isEmpty) this.#active.sealEnd();
    else this.#seal(this.#active);
    this.#active = this.#fileOf(segment);
    this.#files.push(this.#active);
    this.#rouse();
  }

  /**
   * Undefined if what was put is as safe as the policy promises, else resolves when it is: under "always" when it
   * is durable; under the others only if the disk does not keep up, when it is written. Rejects if the log cannot be
   * written.
   */
  durable(): Promise<void> | undefined {
    if (this.#trouble !== undefined) return Promise.reject(this.#trouble);
    if (this.#policy !== "always" && !this.#isFallingBehind()) return undefined;
    const batch = this.#latestBatch();
    return batch <= this.#safeBatch() ? undefined : this.#waiters.wait(batch);
  }

  /** Undefined if all that was put is in its file, else resolves when it is, whatever the policy. Rejects as `durable`. */
  written(): Promise<void> | undefined {
    if (this.#trouble !== undefined) return Promise.reject(this.#trouble);
    const batch = this.#latestBatch();
    if (batch <= this.#writtenBatch) return undefined;
    if (this.#writeWaiters.isEmpty) this.#rouse();
    return this.#writeWaiters.wait(batch);
  }

  /** Undefined if all that was put is durable, else resolves when it is, whatever the policy. Rejects as `durable`. */
  synced(): Promise<void> | undefined {
    if (this.#trouble !== undefined) return Promise.reject(this.#trouble);
    const batch = this.#latestBatch();
    if (batch <= this.#durableBatch) return undefined;
    if (this.#syncWaiters.isEmpty) this.#rouse();
    return this.#syncWaiters.wait(batch);
  }

  /**
   * The rows of this segment are safe elsewhere. Resolves when its file is removed and its buffer is free for
   * use. Lower numbers first. Requires: it is not the active one.
   */
  async discard(number: number): Promise<void> {
    assert(number < this.#active.segment.number, "rows still come into this segment");
    await this.#files.find(({ segment }) => segment.number === number)?.finished;
    await this.#disk.remove(`${this.#options.directory}/${logName(number)}`);
  }

  /**
   * Resolves when everything is durable, whatever the policy, and the files are closed. Rejects if one try to get
   * there fails. No put may follow.
   */
  close(): Promise<void> {
    assert(this.#closing === undefined, "the log is closed once");
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
    return new Promise((resolve, reject) => {
      this.#closing = { resolve, reject };
      this.#rouse();
    });
  }

  #fileOf(segment: Segment): LogFile {
    return new LogFile(this.#disk, this.#options.directory, segment, this.#sealedBatch);
  }

  #isFallingBehind(): boolean {
    return this.#isStalled || this.backlogBytes > this.#backlogBytesMax;
  }

  /** The batch in which the last row is. */
  #latestBatch(): number {
    return this.#sealedBatch + (this.#active.segment.hasOpenRows ? 1 : 0);
  }

  /** The last batch that nobody needs to wait for. */
  #safeBatch(): number {
    return this.#policy === "always" ? this.#durableBatch : this.#writtenBatch;
  }

  /** At the end of this turn of the event loop, so that all its rows make one batch. */
  #rouse(): void {
    this.#isResting = false;
    this.#clock.defer(this.#onWake);
  }

  #wake(): void {
    if (!this.#isBusy)
      void this.#run(); // it rejects only for a bug, which is to stop the node
    else if (this.#clock.monotonicMs() - this.#stepStartMs > STALL_MS) this.#isStalled = true;
  }

  /** Takes one step after another until there is none to take. */
  async #run(): Promise<void> {
    this.#isBusy = true;
    if (this.#policy !== "always") this.#startTicks(); // they notice a disk that does not answer
    for (let file = this.#files[0]; file !== undefined; file = this.#files[0]) {
      this.#stepStartMs = this.#clock.monotonicMs();
      this.#patience.begin();
      const step = nextStep(this.#stateOf(file), this.#stepStartMs);
      if (step === "wait" || step === "rest") {
        this.#settleDown(step);
        return;
      }
      try {
        await this.#take(step, file);
        this.#onProgress(file);
        if (step === "sync" && this.#policy === "always") await this.#gather(file);
      } catch (cause) {
        this.#onFailure(cause);
        if (this.#closing !== undefined) {
          await this.#giveUp();
          this.#closing.reject(this.#trouble);
        }
      }
    }
    this.#patience.end();
    this.#stopTicks(); // and stays busy, for nothing may wake it any more
    this.#closing?.resolve();
  }

  #stateOf(file: LogFile): LogState {
    return {
      policy: this.#syncWaiters.isEmpty ? this.#policy : "always",
      isOpen: file.isOpen,
      hasUnwritten: file.hasUnwritten,
      hasUnsynced: file.hasUnsynced,
      isEnding: file !== this.#active || this.#closing !== undefined,
      lastWriteMs: this.#writeWaiters.isEmpty ? this.#lastWriteMs : Number.NEGATIVE_INFINITY,
      lastSyncMs: this.#lastSyncMs,
      retryAtMs: this.#retryAtMs,
    };
  }

  async #take(step: "open" | "write" | "sync" | "finish", file: LogFile): Promise<void> {
    if (step === "open") {
      await file.open(this.#policy === "always");
    } else if (step === "write") {
      this.#seal(file);
      this.#lastWriteMs = this.#stepStartMs;
      const isAwaited = this.#policy === "always" || !this.#writeWaiters.isEmpty;
      this.#lastWrittenBytes = await file.write(isAwaited && file.unwrittenBytes <= AT_ONCE_BYTES_MAX);
      this.counters.writtenBytes += this.#lastWrittenBytes;
    } else if (step === "sync") {
      this.#lastSyncMs = this.#stepStartMs;
      await file.sync(this.#policy === "always" && this.#isQuick);
      this.#countSync(this.#clock.monotonicMs() - this.#stepStartMs);
    } else {
      await this.#finish(file);
    }
  }

  /**
   * Those whose rows a sync made durable write again at once, most often, while others have put rows meanwhile: if the
   * next sync began before they are back, they would take turns with the others, at half the rate for both.
   */
  async #gather(file: LogFile): Promise<void> {
    if (!file.hasUnwritten) return;
    const endMs = this.#clock.monotonicMs() + this.counters.lastSyncTookMs * GATHER_SHARE;
    const bytesWanted = file.unwrittenBytes + this.#lastWrittenBytes;
    for (let turn = 0; turn < GATHER_TURNS_MAX; turn++) {
      if (file.unwrittenBytes >= bytesWanted || this.#clock.monotonicMs() >= endMs) return;
      if (file !== this.#active || this.#closing !== undefined) return;
      await new Promise<void>((resolve) => this.#clock.defer(resolve));
    }
  }

  /** A file that ends with the whole log gets a mark of it first: whatever is damaged in it was no torn tail. */
  async #finish(file: LogFile): Promise<void> {
    if (file === this.#active && !file.isEmpty && file.sealEnd()) return;
    await file.trim();
    await file.finish();
    this.#files.shift();
  }

  /** Not known of a disk that was never synced. */
  get #isQuick(): boolean {
    return this.counters.syncs > 0 && this.counters.lastSyncTookMs < this.#quickSyncMs;
  }

  #countSync(tookMs: number): void {
    this.counters.syncs++;
    this.counters.syncMs += tookMs;
    this.counters.lastSyncTookMs = tookMs;
  }

  #seal(file: LogFile): void {
    if (!file.seal(this.#sealedBatch + 1)) return;
    this.#sealedBatch++;
    this.counters.batches++;
  }

  #onProgress(file: LogFile): void {
    this.#isStalled = false;
    if (this.#isSilent) this.#recover();
    this.#writtenBatch = file.writtenBatch;
    this.#durableBatch = file.durableBatch;
    this.#settleWaiters();
  }

  #settleWaiters(): void {
    this.#waiters.settle(this.#safeBatch());
    this.#syncWaiters.settle(this.#durableBatch);
    this.#writeWaiters.settle(this.#writtenBatch);
  }

  #settleDown(step: "wait" | "rest"): void {
    this.#isBusy = false;
    this.#patience.end();
    if (this.#trouble !== undefined && this.#stepStartMs >= this.#retryAtMs) this.#recover();
    this.#isResting = step === "rest";
    if (step === "rest") this.#stopTicks();
    else this.#startTicks();
  }

  #startTicks(): void {
    this.#cancelTicks ??= this.#clock.every(WRITE_INTERVAL_MS, this.#onWake);
  }

  #stopTicks(): void {
    this.#cancelTicks?.();
    this.#cancelTicks = undefined;
  }

  #recover(): void {
    this.#isSilent = false;
    this.#trouble = undefined;
    this.#refusal = undefined;
    this.#options.onRecovery?.();
  }

  #onFailure(cause: unknown): void {
    if (!(cause instanceof StoreError)) throw cause;
    const reason = systemCode(cause) === "ENOSPC" ? "disk full" : "the commit log cannot be written";
    this.#retryAtMs = this.#clock.monotonicMs() + RETRY_MS;
    this.#isStalled = false;
    this.#isSilent = false;
    this.counters.failures++;
    this.#refuse(`${reason}: ${cause.message}`, cause);
  }

  /** The step goes on; what it brings in the end is as good as if it had come at once. */
  #onSilence(waitedMs: number): void {
    this.#isSilent = true;
    this.counters.silences++;
    const message = `the disk does not answer: ${this.#files[0]!.path} has been waited for ${Math.round(waitedMs / 1000)} s`;
    this.#refuse(message, new StoreError("IO", "unknown", message));
  }

  #refuse(message: string, cause: StoreError): void {
    const isFirst = this.#trouble === undefined;
    this.#refusal = new StoreError("IO", "not-applied", message, { cause });
    this.#trouble = new StoreError("IO", "unknown", message, { cause });
    this.#waiters.rejectAll(this.#trouble);
    this.#syncWaiters.rejectAll(this.#trouble);
    this.#writeWaiters.rejectAll(this.#trouble);
    this.#closing?.reject(this.#trouble);
    if (isFirst) this.#options.onTrouble?.(cause);
  }

  async #giveUp(): Promise<void> {
    for (const file of this.#files) await file.finish();
    this.#files = [];
  }
}

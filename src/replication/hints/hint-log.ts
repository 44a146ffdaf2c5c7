/**
 * The hints of one target, in the order in which they came: files, oldest first, and those on their way to the newest.
 *
 *   delivered and removed | passed | waiting                      | being written | queued
 *                         | first file ... newest file            | newest file   | in memory
 *                                  ^ the next to be delivered
 *
 * What is added while a write is under way gathers for the next one: so those of one turn share a sync. A restart
 * begins at the first file again: what it delivers twice changes nothing.
 *
 * Invariant: `add` resolves only when its hint is durable. Invariant: a file that a write has failed in is not written
 * to any more.
 */
import type { NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import { HintBatch } from "./hint-batch.ts";
import { type FoundHint, type Hint, hintHeaderBytes } from "./hint-format.ts";
import { type HintDisk, HintSegment } from "./hint-segment.ts";

export interface HintLogParts {
  readonly disk: HintDisk;
  readonly directory: string;
  readonly clock: Pick<Clock, "defer" | "sleep">;
  /** A file is not added to beyond this. */
  readonly segmentBytes: number;
  /** Hints that nobody waits for are written this long after they came, at the latest. */
  readonly gatherMs: number;
  /** A number that no file has had, and any 32 bits. */
  nextFile(): { readonly number: number; readonly stamp: number };
}

export class HintLog {
  readonly target: NodeId;
  /** What a file takes beside its hints. */
  readonly headerBytes: number;
  readonly #parts: HintLogParts;
  readonly #segments: HintSegment[];
  /** In the first file. */
  #passedCount = 0;
  #passedBytes = 0;
  #newest: HintSegment | undefined;
  #count = 0;
  #durableBytes = 0;
  #queued = new HintBatch();
  /** Of the batch that is being written. */
  #writingBytes = 0;
  #writing: Promise<void> | undefined;
  #isWriteDue = false;
  #isClosed = false;

  /** `segments`: as a restart has found them, oldest first. */
  constructor(target: NodeId, parts: HintLogParts, segments: readonly HintSegment[] = []) {
    this.target = target;
    this.headerBytes = hintHeaderBytes(target);
    this.#parts = parts;
    this.#segments = [...segments];
    for (const { count, sizeBytes } of segments) {
      this.#count += count;
      this.#durableBytes += sizeBytes;
    }
  }

  /** Durable, and not delivered. */
  get count(): number {
    return this.#count - this.#passedCount;
  }

  /** On the disk and on their way to it, where each batch may begin a file. */
  get sizeBytes(): number {
    const batches = (this.#queued.isEmpty ? 0 : 1) + (this.#writingBytes > 0 ? 1 : 0);
    return this.#durableBytes + this.queuedBytes + batches * this.headerBytes;
  }

  /** In memory, on their way to the disk. */
  get queuedBytes(): number {
    return this.#queued.sizeBytes + this.#writingBytes;
  }

  get segments(): readonly HintSegment[] {
    return this.#segments;
  }

  /** Wall time of the oldest file's oldest hint; undefined if there is none. */
  get oldestMs(): number | undefined {
    return this.count === 0 ? undefined : this.#segments[0]?.oldestMs;
  }

  /** Copies the hint. Resolves when it is durable; rejects with StoreError IO. */
  add(hash: number, hint: Hint, { isUrgent }: { readonly isUrgent: boolean }): Promise<void> {
    const done = this.#queued.add(hash, hint);
    if (isUrgent) this.#writeSoon();
    else if (!this.#isWriteDue) void this.#writeLater();
    return done;
  }

  /** The next ones to be delivered, in order; empty if there are none. Rejects with StoreError IO. */
  async peek(limits: {
    readonly countMax: number;
    readonly bytesMax: number;
  }): Promise<readonly FoundHint[]> {
    for (;;) {
      const first = this.#segments[0];
      if (first === undefined) return [];
      first.isKept = true;
      const hints = await first.read(Math.max(this.#passedBytes, first.startBytes), limits);
      if (hints.length > 0 || first !== this.#segments[0]) return hints;
      if (first === this.#newest && this.#writing !== undefined) return [];
      await this.#dropFirst(); // nothing, or nothing but damage, is left in it
    }
  }

  /**
   * The first of what `peek` has given last were delivered, or are not to be. Requires: `dropOlder` has not been called
   * in between.
   */
  async advance(passed: readonly FoundHint[]): Promise<void> {
    const first = this.#segments[0];
    const last = passed.at(-1);
    if (last === undefined || first === undefined) return;
    this.#passedBytes = last.end;
    this.#passedCount += passed.length;
    if (last.end < first.sizeBytes || (first === this.#newest && this.#writing !== undefined)) return;
    await this.#dropFirst();
  }

  /** Drops files that have nothing younger; returns how many hints were not delivered. */
  async dropOlder(thanMs: number): Promise<number> {
    let dropped = 0;
    for (;;) {
      const first = this.#segments[0];
      if (first === undefined || first.newestMs >= thanMs || first.count === 0) return dropped;
      if (first === this.#newest && this.#writing !== undefined) return dropped;
      dropped += first.count - this.#passedCount;
      await this.#dropFirst();
    }
  }

  /** Resolves when what was added is durable, or has failed, and all files are closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#writing !== undefined || !this.#queued.isEmpty) {
      this.#startWriting();
      await this.#writing;
    }
    await Promise.all(this.#segments.map((segment) => segment.close()));
  }

  async #dropFirst(): Promise<void> {
    const first = this.#segments.shift()!;
    this.#count -= first.count;
    this.#durableBytes -= first.sizeBytes;
    this.#passedBytes = 0;
    this.#passedCount = 0;
    if (first === this.#newest) this.#newest = undefined;
    await first.remove();
  }

  async #writeLater(): Promise<void> {
    this.#isWriteDue = true;
    await this.#parts.clock.sleep(this.#parts.gatherMs);
    this.#isWriteDue = false;
    this.#startWriting();
  }

  #writeSoon(): void {
    if (this.#writing !== undefined) return; // it goes on with what is queued
    this.#parts.clock.defer(() => this.#startWriting());
  }

  #startWriting(): void {
    if (this.#writing !== undefined || this.#queued.isEmpty) return;
    this.#writing = this.#writeQueued();
  }

  async #writeQueued(): Promise<void> {
    while (!this.#queued.isEmpty) {
      const batch = this.#queued;
      this.#queued = new HintBatch();
      await this.#write(batch);
    }
    this.#writing = undefined;
    if (this.#isClosed) return;
    const first = this.#segments[0];
    // All of it may have been delivered meanwhile.
    if (first !== undefined && first.sizeBytes > 0 && this.#passedBytes >= first.sizeBytes)
      await this.#dropFirst();
  }

  async #write(batch: HintBatch): Promise<void> {
    const segment = this.#segmentWithRoom();
    const sizeBytes = segment.sizeBytes;
    const { bytes, placed } = batch.encode(segment.header.stamp);
    this.#writingBytes = bytes.length;
    try {
      await segment.append(bytes, placed);
      this.#count += placed.length;
      this.#durableBytes += segment.sizeBytes - sizeBytes;
      batch.resolve();
    } catch (cause) {
      this.#giveUp(segment);
      batch.reject(cause);
    } finally {
      this.#writingBytes = 0;
    }
  }

  #segmentWithRoom(): HintSegment {
    const newest = this.#newest;
    if (newest !== undefined && newest.sizeBytes < this.#parts.segmentBytes) return newest;
    const { number, stamp } = this.#parts.nextFile();
    const segment = new HintSegment(this.#parts, { target: this.target, number, stamp });
    segment.isKept = true;
    if (newest !== undefined) newest.isKept = newest === this.#segments[0];
    this.#segments.push(segment);
    this.#newest = segment;
    return segment;
  }

  /** Nobody can tell what is on the disk after a failed write: what was there before it stays, and nothing is added. */
  #giveUp(segment: HintSegment): void {
    this.#newest = undefined;
    segment.isKept = segment === this.#segments[0];
    if (segment.count > 0) return;
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    void segment.remove();
  }
}

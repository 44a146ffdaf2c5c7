/**
 * One file of the commit log, and how far it has caught up with its segment in memory.
 *
 *   segment   | durable          | written          | sealed           | open batch |
 *   file      | on the disk      | perhaps          |
 *
 * After a failed append the file is cut back to what was written. After a failed sync nobody can tell what is on the
 * disk of the bytes since the last good one (the system may have dropped them and will not say so again): the file is
 * written anew from memory, beside the old one, and takes its place when it is whole.
 */
import type { Disk, DiskFile, OpenOptions } from "../../../runtime/runtime.ts";
import { SEGMENT_HEADER_BYTES } from "./log-format.ts";
import { logName } from "./log-name.ts";
import { replaceFile } from "./replace-file.ts";
import type { Segment } from "./segment.ts";

/** What the file and the disk have of a segment: bytes from its start, and batches counted over the whole log. */
interface Mark {
  readonly bytes: number;
  readonly batch: number;
}

/** Written ahead at a time: fewer, and more syncs have to record a new length; more, and one sync takes long. */
const ZEROS_BYTES = 512 * 1024;

export class LogFile {
  readonly segment: Segment;
  readonly path: string;
  /** Resolves when nothing more is written to the file, and its segment's buffer is not looked at any more. */
  readonly finished: Promise<void>;
  readonly #disk: Disk;
  readonly #directory: string;
  #file: DiskFile | undefined;
  #options: OpenOptions = {};
  /** The disk may have the file with zeros behind its batches. */
  #mayHaveZeros = false;
  #isOpen = false;
  #isSuspect = false;
  #hasEnd = false;
  #sealed: Mark;
  #written: Mark;
  #durable: Mark;
  #declareFinished!: () => void;

  /** `lastBatch` was the latest of the log so far. A segment with sealed bytes has them in its file, durably. */
  constructor(disk: Disk, directory: string, segment: Segment, lastBatch: number) {
    this.#disk = disk;
    this.#directory = directory;
    this.segment = segment;
    this.path = `${directory}/${logName(segment.number)}`;
    const isFresh = segment.sealedBytes === SEGMENT_HEADER_BYTES;
    this.#sealed = { bytes: isFresh ? 0 : segment.sealedBytes, batch: lastBatch };
    this.#written = this.#sealed;
    this.#durable = this.#sealed;
    this.finished = new Promise((resolve) => {
      this.#declareFinished = resolve;
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** True if nothing was ever put into the segment. */
  get isEmpty(): boolean {
    return this.#sealed.bytes === 0 && !this.segment.hasOpenRows;
  }

  get hasUnwritten(): boolean {
    return this.segment.hasOpenRows || this.#sealed.bytes > this.#written.bytes;
  }

  get hasUnsynced(): boolean {
    return this.#written.bytes > this.#durable.bytes;
  }

  get unwrittenBytes(): number {
    return this.hasUnwritten ? this.segment.tail - this.#written.bytes : 0;
  }

  get sealedBatch(): number {
    return this.#sealed.batch;
  }

  get writtenBatch(): number {
    return this.#written.batch;
  }

  get durableBatch(): number {
    return this.#durable.batch;
  }

  /** Of the segment, as many are known to be on the disk. */
  get durableBytes(): number {
    return this.#durable.bytes;
  }

  /** Makes the open batch final, as the one of this number; false if it has no rows. */
  seal(batch: number): boolean {
    if (!this.segment.seal(this.#durable.bytes)) return false;
    this.#sealed = { bytes: this.segment.sealedBytes, batch };
    return true;
  }

  /** Adds the mark of an orderly end; false if it has one. Requires: everything is durable, no open rows. */
  sealEnd(): boolean {
    if (this.#hasEnd || (this.#sealed.bytes > 0 && !this.#isOpen)) return false; // or was read and not written to
    this.#hasEnd = true;
    this.segment.sealEnd();
    this.#sealed = { bytes: this.segment.sealedBytes, batch: this.#sealed.batch };
    return this.hasUnwritten;
  }

  /**
   * Resolves when the file's name is durable and it holds exactly what was written so far. With `zerosAhead`, zeros may
   * stand behind that until `trim`, so that syncs take less time.
   */
  async open(zerosAhead = false): Promise<void> {
    await this.#letGo();
    this.#options = zerosAhead ? { zerosAheadBytes: Math.min(ZEROS_BYTES, this.segment.bytes.length) } : {};
    this.#mayHaveZeros ||= zerosAhead;
    if (this.#isSuspect || !(await this.#continue())) await this.#rewrite();
    await this.#disk.syncDirectory(this.#directory);
    this.#isSuspect = false;
    this.#isOpen = true;
  }

  /**
   * Resolves when every sealed batch is readable, to the number of bytes written. `atOnce`: before it returns. Requires:
   * `isOpen`.
   */
  async write(atOnce = false): Promise<number> {
    const sealed = this.#sealed;
    const pending = this.segment.bytes.subarray(this.#written.bytes, sealed.bytes);
    try {
      if (atOnce) this.#file!.appendSync(pending);
      else await this.#file!.append(pending);
      this.#written = sealed;
      return pending.length;
    } catch (cause) {
      this.#isOpen = false;
      throw cause;
    }
  }

  /** Resolves when everything written before is durable. `atOnce`: before it returns. Requires: `isOpen`. */
  async sync(atOnce = false): Promise<void> {
    const written = this.#written;
    try {
      if (atOnce) this.#file!.syncSync();
      else await this.#file!.sync();
      this.#durable = written;
    } catch (cause) {
      this.#isOpen = false;
      this.#isSuspect = true;
      throw cause;
    }
  }

  /** Resolves when the file durably ends where its batches do. Requires: everything is durable. */
  async trim(): Promise<void> {
    if (!this.#mayHaveZeros) return;
    if (!this.#isOpen) await this.open();
    try {
      await this.#file!.truncate(this.#written.bytes);
      await this.#file!.sync();
    } catch (cause) {
      this.#isOpen = false;
      throw cause;
    }
    this.#mayHaveZeros = false;
  }

  /** Lets go of the file and the segment. Never rejects. Requires: everything is durable, or given up. */
  async finish(): Promise<void> {
    this.#isOpen = false;
    await this.#letGo();
    this.#declareFinished();
  }

  /** Cuts off what a failed append may have left; false if the file has lost bytes. */
  async #continue(): Promise<boolean> {
    this.#file = await this.#disk.open(this.path, this.#options);
    const sizeBytes = await this.#file.sizeBytes();
    if (sizeBytes > this.#written.bytes) await this.#file.truncate(this.#written.bytes);
    return sizeBytes >= this.#written.bytes;
  }

  async #rewrite(): Promise<void> {
    await this.#letGo();
    const sealed = this.#sealed;
    const bytes = this.segment.bytes.subarray(0, sealed.bytes);
    this.#file = await replaceFile(this.#disk, this.path, bytes, this.#options);
    this.#written = sealed;
    this.#durable = sealed;
  }

  /** Closes what is open. That this fails does not matter: what counts has been synced, or will be written again. */
  async #letGo(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }
}

/** One open file. Appends, truncations and syncs run one after another, in the order they were asked for. */
import { fdatasyncSync, fstatSync, ftruncateSync, read, readSync, writeSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { type Outcome, StoreError } from "../../base/errors.ts";
import { ioError } from "../io-error.ts";
import type { DiskFile, OnRead } from "../runtime.ts";
import { ReadPace } from "./read-pace.ts";
import type { ReadThread } from "./read-thread.ts";
import type { ZerosAhead } from "./zeros-ahead.ts";

type Reader = Pick<ReadThread, "retain" | "release" | "onOtherRead" | "read">;

export class NodejsDiskFile implements DiskFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #thread: Reader | undefined;
  readonly #pace: ReadPace;
  /** Settles when every change asked for so far is over; never rejects. */
  #tail: Promise<void> = Promise.resolve();
  /** Under way. */
  #readCount = 0;
  #onReadsOver: (() => void) | undefined;
  readonly #ahead: ZerosAhead | undefined;

  /**
   * Requires: `file` was opened for reading and appending, or for writing anywhere if there are zeros `ahead`. `thread` is
   * for reads that `borrow` asks for.
   */
  constructor(
    path: string,
    file: FileHandle,
    thread?: Reader,
    pace = new ReadPace(),
    ahead: ZerosAhead | undefined = undefined,
  ) {
    this.#ahead = ahead;
    this.#path = path;
    this.#file = file;
    this.#thread = thread;
    this.#pace = pace;
    thread?.retain();
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#inOrder(() => this.#append(bytes));
  }

  appendSync(bytes: Uint8Array): void {
    const { fd } = this.#file;
    let written = 0;
    try {
      while (written < bytes.length)
        written += writeSync(fd, bytes, written, bytes.length - written, this.#placeAfter(written));
    } catch (cause) {
      const outcome = this.#takeBackSync(written) ? "not-applied" : "unknown";
      throw ioError(outcome, `cannot append to ${this.#path}`, cause);
    }
    this.#writeZerosSync(written);
  }

  sync(): Promise<void> {
    return this.#inOrder(() => this.#attempt("unknown", "sync", () => this.#file.datasync()));
  }

  syncSync(): void {
    try {
      fdatasyncSync(this.#file.fd);
    } catch (cause) {
      throw ioError("unknown", `cannot sync ${this.#path}`, cause);
    }
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#inOrder(() =>
      this.#attempt("not-applied", "truncate", async () => {
        await this.#file.truncate(sizeBytes);
        this.#ahead?.onTruncated(sizeBytes);
      }),
    );
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#read(offset, length).catch((cause: unknown) => {
      throw cause instanceof StoreError ? cause : ioError("not-applied", `cannot read ${this.#path}`, cause);
    });
  }

  readSync(offset: number, length: number, target?: Uint8Array): Uint8Array {
    try {
      return this.#readSync(offset, length, target ?? new Uint8Array(Buffer.allocUnsafeSlow(length).buffer));
    } catch (cause) {
      throw ioError("not-applied", `cannot read ${this.#path}`, cause);
    }
  }

  readQuickly(offset: number, length: number, target?: Uint8Array): Uint8Array | undefined {
    const startMs = performance.now();
    if (!this.#pace.isQuick(startMs)) return undefined;
    try {
      const bytes = this.readSync(offset, length, target);
      const endMs = performance.now();
      this.#pace.onRead(endMs - startMs, endMs);
      return bytes;
    } catch {
      return undefined; // whoever reads it otherwise is told why
    }
  }

  borrow(offset: number, length: number, onRead: OnRead): void {
    const onPiece = (bytes: Uint8Array | undefined): void => {
      if (bytes === undefined) this.#readFor(offset, length, onRead);
      else onRead(bytes, undefined);
      this.#onReadOver();
    };
    const { fd } = this.#file;
    if (fd >= 0 && this.#thread?.read(fd, offset, length, onPiece)) this.#readCount++;
    else this.#readFor(offset, length, onRead);
  }

  sizeBytes(): Promise<number> {
    return this.#attempt("not-applied", "look at", async () => {
      const { size } = await this.#file.stat();
      return this.#ahead?.end ?? size;
    });
  }

  close(): Promise<void> {
    return this.#inOrder(() => this.#attempt("unknown", "close", () => this.#closeAfterReads()));
  }

  async #append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.length) {
        const place = this.#placeAfter(written);
        const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, place);
        written += bytesWritten;
      }
    } catch (cause) {
      const outcome = (await this.#takeBack(written)) ? "not-applied" : "unknown";
      throw ioError(outcome, `cannot append to ${this.#path}`, cause);
    }
    await this.#writeZeros(written);
  }

  /** After an append of so many bytes. Where there is no room, whoever appends next is told. */
  async #writeZeros(appendedBytes: number): Promise<void> {
    const ahead = this.#ahead;
    const zeros = ahead?.onAppended(appendedBytes);
    if (ahead === undefined || zeros === undefined || zeros.length === 0) return;
    const written = await this.#file.write(zeros, 0, zeros.length, ahead.end).catch(() => undefined);
    ahead.onWritten(written?.bytesWritten ?? 0);
  }

  #writeZerosSync(appendedBytes: number): void {
    const ahead = this.#ahead;
    const zeros = ahead?.onAppended(appendedBytes);
    if (ahead === undefined || zeros === undefined || zeros.length === 0) return;
    try {
      ahead.onWritten(writeSync(this.#file.fd, zeros, 0, zeros.length, ahead.end));
    } catch {
      // as above
    }
  }

  /** Where an append goes on of which so many bytes are written; null for the file's end. */
  #placeAfter(writtenBytes: number): number | null {
    return this.#ahead === undefined ? null : this.#ahead.end + writtenBytes;
  }

  /** Cuts off what a failed append did write; true if nothing of it is left. */
  async #takeBack(writtenBytes: number): Promise<boolean> {
    if (writtenBytes === 0) return true;
    try {
      const sizeBytes = this.#ahead?.end ?? (await this.#file.stat()).size - writtenBytes;
      await this.#file.truncate(sizeBytes);
      this.#ahead?.onTruncated(sizeBytes);
      return true;
    } catch {
      return false; // the append's own error is the one to tell
    }
  }

  #takeBackSync(writtenBytes: number): boolean {
    if (writtenBytes === 0) return true;
    const { fd } = this.#file;
    try {
      const sizeBytes = this.#ahead?.end ?? fstatSync(fd).size - writtenBytes;
      ftruncateSync(fd, sizeBytes);
      this.#ahead?.onTruncated(sizeBytes);
      return true;
    } catch {
      return false; // the append's own error is the one to tell
    }
  }

  /** Without the file handle's own promises, which cost more than the read. */
  #read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    return new Promise((resolve, reject) => {
      const readOn = (filled: number): void => {
        read(this.#file.fd, bytes, filled, length - filled, offset + filled, (cause, count) => {
          const end = filled + count;
          if (cause === null && count > 0 && end < length) {
            readOn(end);
            return;
          }
          this.#onReadOver();
          if (cause === null) resolve(bytes.subarray(0, end));
          else reject(ioError("not-applied", `cannot read ${this.#path}`, cause));
        });
      };
      readOn(0); // throws if the file is closed: then nothing was begun
      this.#readCount++;
    });
  }

  #readFor(offset: number, length: number, onRead: OnRead): void {
    const thread = this.#thread;
    thread?.onOtherRead(1);
    const answer = (bytes: Uint8Array | undefined, cause?: unknown): void => {
      thread?.onOtherRead(-1);
      onRead(bytes, cause);
    };
    this.read(offset, length).then(answer, (cause: unknown) => answer(undefined, cause));
  }

  #onReadOver(): void {
    if (--this.#readCount === 0) this.#onReadsOver?.();
  }

  /** The file's number may be another file's as soon as it is closed: no read must be under way. */
  async #closeAfterReads(): Promise<void> {
    while (this.#readCount > 0) {
      await new Promise<void>((resolve) => {
        this.#onReadsOver = resolve;
      });
    }
    const ahead = this.#ahead;
    if (ahead?.isThere) await this.#file.truncate(ahead.end).catch(() => undefined); // whoever opens it can tell them
    await this.#file.close();
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.release();
  }

  #readSync(offset: number, length: number, target: Uint8Array): Uint8Array {
    let filled = 0;
    while (filled < length) {
      const bytesRead = readSync(this.#file.fd, target, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return target.subarray(0, filled);
  }

  #inOrder(act: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(act);
    this.#tail = done.catch(() => undefined); // whoever asked for it is told; the next one is not concerned
    return done;
  }

  async #attempt<T>(outcome: Outcome, verb: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      throw ioError(outcome, `cannot ${verb} ${this.#path}`, cause);
    }
  }
}

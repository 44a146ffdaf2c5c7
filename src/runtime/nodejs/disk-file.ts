/** One open file. Appends, truncations and syncs run one after another, in the order they were asked for. */
import { fdatasyncSync, fstatSync, ftruncateSync, read, readSync, writeSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { type Outcome, StoreError } from "../../base/errors.ts";
import { ioError } from "../io-error.ts";
import type { DiskFile, OnRead } from "../runtime.ts";
import { ReadPace } from "./read-pace.ts";
import type { ReadThread } from "./read-thread.ts";

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

  /** Requires: `file` was opened for reading and appending. `thread` is for reads that `borrow` asks for. */
  constructor(path: string, file: FileHandle, thread?: Reader, pace = new ReadPace()) {
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
      while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written);
    } catch (cause) {
      const outcome = takeBackSync(fd, written) ? "not-applied" : "unknown";
      throw ioError(outcome, `cannot append to ${this.#path}`, cause);
    }
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
      this.#attempt("not-applied", "truncate", () => this.#file.truncate(sizeBytes)),
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
    return this.#attempt("not-applied", "look at", async () => (await this.#file.stat()).size);
  }

  close(): Promise<void> {
    return this.#inOrder(() => this.#attempt("unknown", "close", () => this.#closeAfterReads()));
  }

  async #append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.length) {
        const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written);
        written += bytesWritten;
      }
    } catch (cause) {
      const outcome = (await this.#takeBack(written)) ? "not-applied" : "unknown";
      throw ioError(outcome, `cannot append to ${this.#path}`, cause);
    }
  }

  /** Cuts off what a failed append did write; true if nothing of it is left. */
  async #takeBack(writtenBytes: number): Promise<boolean> {
    if (writtenBytes === 0) return true;
    try {
      const { size } = await this.#file.stat();
      await this.#file.truncate(size - writtenBytes);
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

/** As `#takeBack`, at once. */
function takeBackSync(fd: number, writtenBytes: number): boolean {
  if (writtenBytes === 0) return true;
  try {
    ftruncateSync(fd, fstatSync(fd).size - writtenBytes);
    return true;
  } catch {
    return false; // the append's own error is the one to tell
  }
}

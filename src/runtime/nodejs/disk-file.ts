/** One open file. Appends, truncations and syncs run one after another, in the order they were asked for. */
import { fstatSync, ftruncateSync, readSync, writeSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { Outcome } from "../../base/errors.ts";
import { ioError } from "../io-error.ts";
import type { DiskFile } from "../runtime.ts";

export class NodejsDiskFile implements DiskFile {
  readonly #path: string;
  readonly #file: FileHandle;
  /** Settles when every change asked for so far is over; never rejects. */
  #tail: Promise<void> = Promise.resolve();

  /** Requires: `file` was opened for reading and appending. */
  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
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

  truncate(sizeBytes: number): Promise<void> {
    return this.#inOrder(() =>
      this.#attempt("not-applied", "truncate", () => this.#file.truncate(sizeBytes)),
    );
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#attempt("not-applied", "read", () => this.#read(offset, length));
  }

  readSync(offset: number, length: number, target?: Uint8Array): Uint8Array {
    try {
      return this.#readSync(offset, length, target ?? new Uint8Array(Buffer.allocUnsafeSlow(length).buffer));
    } catch (cause) {
      throw ioError("not-applied", `cannot read ${this.#path}`, cause);
    }
  }

  sizeBytes(): Promise<number> {
    return this.#attempt("not-applied", "look at", async () => (await this.#file.stat()).size);
  }

  close(): Promise<void> {
    return this.#inOrder(() => this.#attempt("unknown", "close", () => this.#file.close()));
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

  async #read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#file.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return new Uint8Array(bytes.buffer, 0, filled);
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

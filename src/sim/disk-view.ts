/**
 * A simulated disk as one process sees it: every step takes some virtual time, and is the last one if the
 * process dies in it. A change shows at once, and its promise resolves later, in order; a sync counts only
 * when it resolves.
 */
import { assert } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import type { Outcome } from "../base/errors.ts";
import { ioError } from "../runtime/io-error.ts";
import type { Disk, DiskFile, DiskLock, OnRead, OpenOptions } from "../runtime/runtime.ts";
import { AppendEnd } from "./append-end.ts";
import type { DirectoryTree } from "./directory-tree.ts";
import type { DiskStep } from "./disk-step.ts";
import type { DiskTrouble } from "./disk-trouble.ts";
import type { Life } from "./life.ts";
import type { SimFile } from "./sim-file.ts";
import type { SimRandom } from "./sim-random.ts";
import { systemError } from "./system-error.ts";

const NAME_MS_MAX = 0.1;
const READ_MS_MAX = 0.2;
const APPEND_MS_MAX = 0.05;
const SYNC_MS_MAX = 3;

/** What is seen through the view, by all processes alike. */
export interface Medium {
  readonly tree: DirectoryTree;
  readonly trouble: DiskTrouble;
  /** By path, the process that took it last. */
  readonly locks: Map<string, Life>;
  /** Room for more. */
  readonly freeBytes: number;
  idOf(file: SimFile): string;
  /** Throws the system's error if the step is to fail. */
  admit(step: DiskStep, addedBytes: number): void;
}

interface Step<T> extends DiskStep {
  readonly outcome: Outcome;
  readonly endsMs: number;
  readonly addedBytes?: number;
  /** At once. */
  readonly begin: () => T;
}

/** Runs steps for one process. */
class Stepper {
  readonly #disk: Medium;
  readonly #life: Life;
  readonly #random: SimRandom;

  constructor(disk: Medium, life: Life, random: SimRandom) {
    this.#disk = disk;
    this.#life = life;
    this.#random = random;
  }

  get nowMs(): number {
    return this.#life.nowMs;
  }

  /** When a step that takes up to `maxMs` will be over, if it is not begun before `earliestMs`. */
  endMs(maxMs: number, earliestMs = 0): number {
    const { slowTimes, hangsUntilMs } = this.#disk.trouble;
    const beginsMs = Math.max(earliestMs, this.nowMs, hangsUntilMs);
    return beginsMs + this.#random.between(maxMs / 10, maxMs) * slowTimes;
  }

  touch(bytes: Uint8Array): Uint8Array {
    this.#disk.trouble.touch(bytes);
    return bytes;
  }

  async run<T>({ kind, path, outcome, endsMs, addedBytes = 0, begin }: Step<T>): Promise<T> {
    const attempt = this.#attempt({ kind, path }, addedBytes, begin);
    await this.#life.wait(endsMs - this.nowMs);
    if ("cause" in attempt) throw ioError(outcome, `cannot ${kind} ${path}`, attempt.cause);
    return attempt.result;
  }

  /** A step that the process stands still for, which takes no time on a sound disk; throws its failure. */
  runSync<T>({ kind, path, outcome, endsMs, addedBytes = 0, begin }: Step<T>): T {
    const attempt = this.#attempt({ kind, path }, addedBytes, begin);
    if (this.#disk.trouble.isLateAt(this.nowMs)) this.#life.pauseUntil(endsMs);
    if ("cause" in attempt) throw ioError(outcome, `cannot ${kind} ${path}`, attempt.cause);
    return attempt.result;
  }

  #attempt<T>(step: DiskStep, addedBytes: number, begin: () => T): { result: T } | { cause: unknown } {
    try {
      if (this.#life.isAlive) this.#disk.admit(step, addedBytes);
      if (!this.#life.isAlive) return { cause: "the process is dead" }; // nobody will hear it
      return { result: begin() };
    } catch (cause) {
      assert(cause instanceof Error && "code" in cause, `a bug in the simulated disk: ${cause}`);
      return { cause };
    }
  }
}

export class DiskView implements Disk {
  readonly #disk: Medium;
  readonly #life: Life;
  readonly #stepper: Stepper;

  constructor(disk: Medium, life: Life, random: SimRandom) {
    this.#disk = disk;
    this.#life = life;
    this.#stepper = new Stepper(disk, life, random);
  }

  async open(path: string, { create = true, zerosAheadBytes = 0 }: OpenOptions = {}): Promise<DiskFile> {
    const file = await this.#step("open", path, () => this.#disk.tree.open(path, create));
    return new DiskFileView(path, file, this.#stepper, new AppendEnd(file, zerosAheadBytes, this.#disk));
  }

  list(path: string): Promise<readonly string[]> {
    return this.#step("list", path, () => this.#disk.tree.list(path));
  }

  exists(path: string): Promise<boolean> {
    return this.#step("list", path, () => this.#disk.tree.exists(path));
  }

  makeDirectory(path: string): Promise<void> {
    return this.#step("name", path, () => this.#disk.tree.makeDirectory(path));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#step("name", to, () => this.#disk.tree.rename(from, to));
  }

  link(from: string, to: string): Promise<void> {
    return this.#step("name", to, () => this.#disk.tree.link(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#step("name", path, () => this.#disk.tree.remove(path));
  }

  async syncDirectory(path: string): Promise<void> {
    const endsMs = this.#stepper.endMs(SYNC_MS_MAX);
    const begin = (): (() => void) => this.#disk.tree.beginSync(path);
    const finish = await this.#stepper.run({
      kind: "syncDirectory",
      path,
      outcome: "unknown",
      endsMs,
      begin,
    });
    finish();
  }

  lock(path: string): Promise<DiskLock> {
    const { locks, tree } = this.#disk;
    return this.#step("name", path, () => {
      tree.open(path, true);
      if (locks.get(path)?.isAlive === true) throw systemError("EAGAIN");
      locks.set(path, this.#life);
      let isHeld = true;
      const release = async (): Promise<void> => {
        if (isHeld) locks.delete(path);
        isHeld = false;
      };
      return { release };
    });
  }

  fileId(path: string): Promise<string> {
    const { tree } = this.#disk;
    return this.#step("open", path, () => tree.directoryId(path) ?? this.#disk.idOf(tree.open(path, false)));
  }

  #step<T>(kind: DiskStep["kind"], path: string, begin: () => T): Promise<T> {
    const endsMs = this.#stepper.endMs(NAME_MS_MAX);
    return this.#stepper.run({ kind, path, outcome: "not-applied", endsMs, begin });
  }
}

class DiskFileView implements DiskFile {
  readonly #path: string;
  readonly #file: SimFile;
  readonly #end: AppendEnd;
  readonly #stepper: Stepper;
  /** When the change asked for last will be over. */
  #busyUntilMs = 0;
  #isClosed = false;

  constructor(path: string, file: SimFile, stepper: Stepper, end: AppendEnd) {
    this.#path = path;
    this.#file = file;
    this.#end = end;
    this.#stepper = stepper;
  }

  async append(bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    await this.#change("append", APPEND_MS_MAX, "not-applied", () => this.#end.append(copy), copy.length);
    assert(equalBytes(bytes, copy), `the bytes changed while they were being appended to ${this.#path}`);
  }

  appendSync(bytes: Uint8Array): void {
    assert(this.#stepper.nowMs >= this.#busyUntilMs, "a change is under way");
    const copy = bytes.slice();
    const begin = (): void => {
      this.#requireOpen();
      this.#end.append(copy);
    };
    const addedBytes = copy.length;
    const endsMs = this.#stepper.endMs(APPEND_MS_MAX);
    const what = { kind: "append", path: this.#path, outcome: "not-applied" } as const;
    this.#stepper.runSync({ ...what, endsMs, addedBytes, begin });
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#change("truncate", APPEND_MS_MAX, "not-applied", () => this.#end.truncate(sizeBytes));
  }

  async sync(): Promise<void> {
    const sequence = await this.#change("sync", SYNC_MS_MAX, "unknown", () => this.#file.sequence);
    this.#file.syncUpTo(sequence);
  }

  syncSync(): void {
    assert(this.#stepper.nowMs >= this.#busyUntilMs, "a change is under way");
    const begin = (): void => {
      this.#requireOpen();
      this.#file.syncUpTo(this.#file.sequence);
    };
    const endsMs = this.#stepper.endMs(SYNC_MS_MAX);
    this.#stepper.runSync({ kind: "sync", path: this.#path, outcome: "unknown", endsMs, begin });
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    await this.#look(READ_MS_MAX);
    return this.#stepper.touch(this.#file.read(offset, length));
  }

  readSync(offset: number, length: number, target?: Uint8Array): Uint8Array {
    const begin = (): Uint8Array => {
      this.#requireOpen();
      const bytes = this.#stepper.touch(this.#file.read(offset, length));
      if (target === undefined) return bytes;
      target.set(bytes);
      return target.subarray(0, bytes.length);
    };
    const endsMs = this.#stepper.endMs(READ_MS_MAX);
    return this.#stepper.runSync({ kind: "read", path: this.#path, outcome: "not-applied", endsMs, begin });
  }

  /** No simulated disk is as quick as memory. */
  readQuickly(): undefined {
    return undefined;
  }

  borrow(offset: number, length: number, onRead: OnRead): void {
    this.read(offset, length).then(
      (bytes) => onRead(bytes, undefined),
      (cause: unknown) => onRead(undefined, cause),
    );
  }

  async sizeBytes(): Promise<number> {
    await this.#look(NAME_MS_MAX);
    return this.#end.sizeBytes;
  }

  async close(): Promise<void> {
    await this.#change("close", APPEND_MS_MAX, "unknown", () => {
      this.#end.close();
      this.#isClosed = true;
    });
  }

  #look(msMax: number): Promise<void> {
    const endsMs = this.#stepper.endMs(msMax);
    const begin = (): void => this.#requireOpen();
    return this.#stepper.run({ kind: "read", path: this.#path, outcome: "not-applied", endsMs, begin });
  }

  #change<T>(
    kind: DiskStep["kind"],
    msMax: number,
    outcome: Outcome,
    act: () => T,
    addedBytes = 0,
  ): Promise<T> {
    this.#busyUntilMs = this.#stepper.endMs(msMax, this.#busyUntilMs);
    const endsMs = this.#busyUntilMs;
    const begin = (): T => {
      this.#requireOpen();
      return act();
    };
    return this.#stepper.run({ kind, path: this.#path, outcome, endsMs, addedBytes, begin });
  }

  #requireOpen(): void {
    if (this.#isClosed) throw systemError("EBADF");
  }
}

/**
 * One file of hints. It is appended to while it is the newest of its target, then only read, and removed once all that
 * is in it has been delivered or is overdue.
 *
 * Invariant: `sizeBytes` covers only what is durable; what a failed write left behind it is not looked at until a
 * restart finds it, and then counts if it is whole.
 */
import { assert } from "../../base/assert.ts";
import { StoreError } from "../../base/errors.ts";
import type { Disk, DiskFile } from "../../runtime/runtime.ts";
import { encodeHintHeader, type FoundHint, findHint, type HintFileHeader } from "./hint-format.ts";
import { HintIndex } from "./hint-index.ts";

/** What hints need of a disk. */
export interface HintDisk
  extends Pick<Disk, "makeDirectory" | "list" | "rename" | "remove" | "syncDirectory"> {
  open(path: string, options?: { readonly create?: boolean }): Promise<HintFile>;
}

export type HintFile = Pick<DiskFile, "append" | "sync" | "read" | "sizeBytes" | "close">;

export interface Placed {
  readonly hash: number;
  readonly addedMs: number;
  /** From the beginning of what is appended. */
  readonly start: number;
}

export class HintSegment {
  readonly header: HintFileHeader;
  readonly #disk: HintDisk;
  readonly #directory: string;
  readonly #path: string;
  /** Where the first hint begins. */
  readonly startBytes: number;
  sizeBytes: number;
  count = 0;
  oldestMs = Number.POSITIVE_INFINITY;
  newestMs = 0;
  /** Undefined if there is no room for it: then `find` does not look here. */
  index: HintIndex | undefined = new HintIndex();
  isGone = false;
  /** True while it is used again and again: its file stays open. */
  #isKept = false;
  #file: Promise<HintFile> | undefined;
  #users = 0;
  #isNamed: boolean;

  /** `lengthBytes`: of a file that is there already, what is whole in it. */
  constructor(
    { disk, directory }: { readonly disk: HintDisk; readonly directory: string },
    header: HintFileHeader,
    lengthBytes?: number,
  ) {
    this.#disk = disk;
    this.#directory = directory;
    this.header = header;
    this.#path = `${directory}/${hintFileName(header.number)}`;
    this.startBytes = encodeHintHeader(header).length;
    this.sizeBytes = lengthBytes ?? 0;
    this.#isNamed = lengthBytes !== undefined;
  }

  set isKept(isKept: boolean) {
    this.#isKept = isKept;
    this.#closeIfIdle();
  }

  /** Resolves when the hints are durable, and can be found. Rejects with StoreError IO: then nothing more may be appended. */
  async append(hints: Uint8Array, placed: readonly Placed[]): Promise<void> {
    assert(!this.isGone, "nothing is appended to a file that is gone");
    const isFirst = this.sizeBytes === 0;
    const bytes = isFirst ? joined(encodeHintHeader(this.header), hints) : hints;
    await this.#use(async (file) => {
      await file.append(bytes);
      await file.sync();
    });
    if (!this.#isNamed) await this.#disk.syncDirectory(this.#directory);
    this.#isNamed = true;
    const base = isFirst ? this.startBytes : this.sizeBytes;
    this.sizeBytes += bytes.length;
    for (const { hash, addedMs, start } of placed) this.note(hash, addedMs, base + start);
  }

  /** Counts a hint that is in the file. */
  note(hash: number, addedMs: number, offset: number): void {
    this.count++;
    this.oldestMs = Math.min(this.oldestMs, addedMs);
    this.newestMs = Math.max(this.newestMs, addedMs);
    this.index?.add(hash, offset);
  }

  /** The hints of a row among the newest so many of its hash. */
  async find(hash: number, countMax: number): Promise<readonly FoundHint[]> {
    const found: FoundHint[] = [];
    for (const offset of this.index?.offsetsOf(hash, countMax) ?? []) {
      const [hint] = await this.read(offset, { countMax: 1, bytesMax: FIRST_READ_BYTES });
      if (hint !== undefined && hint.start === offset) found.push(hint);
    }
    return found;
  }

  /**
   * Hints from `offset` on, in buffers of their own: one at least if there is one. Empty if the file is gone. Rejects
   * with StoreError IO.
   */
  async read(
    offset: number,
    { countMax, bytesMax }: { readonly countMax: number; readonly bytesMax: number },
  ): Promise<readonly FoundHint[]> {
    const whole = this.sizeBytes - offset;
    for (let length = Math.min(bytesMax, whole); length > 0; length = Math.min(2 * length, whole)) {
      const bytes = await this.#use((file) => file.read(offset, length));
      if (bytes === undefined) return [];
      const hints = hintsIn(bytes, { offset, countMax, stamp: this.header.stamp });
      if (hints.length > 0 || length === whole) return hints;
    }
    return [];
  }

  /**
   * Resolves when it is gone for good. Never rejects: a file that stays is found at the next start, and delivered again,
   * which changes nothing.
   */
  async remove(): Promise<void> {
    this.isGone = true;
    this.isKept = false;
    this.index = undefined;
    try {
      await this.#disk.remove(this.#path);
      await this.#disk.syncDirectory(this.#directory);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
    }
  }

  /** Requires: nothing is being read or written. */
  async close(): Promise<void> {
    this.#isKept = false;
    await this.#letGo();
  }

  /** Undefined if the file is gone, or goes meanwhile. */
  async #use<T>(deed: (file: HintFile) => Promise<T>): Promise<T | undefined> {
    if (this.isGone) return undefined;
    this.#users++;
    try {
      this.#file ??= this.#disk.open(this.#path);
      return await deed(await this.#file);
    } catch (cause) {
      void this.#letGo();
      throw cause;
    } finally {
      this.#users--;
      this.#closeIfIdle();
    }
  }

  #closeIfIdle(): void {
    if (this.#users === 0 && !this.#isKept) void this.#letGo();
  }

  /** That closing fails does not matter: what counts is synced. */
  #letGo(): Promise<void> | undefined {
    const closing = this.#file?.then((file) => file.close()).catch(() => undefined);
    this.#file = undefined;
    return closing;
  }
}

const FIRST_READ_BYTES = 4 * 1024;
const HINT_FILE = /^(\d{6,15})\.hints$/;

export function hintFileName(number: number): string {
  return `${String(number).padStart(6, "0")}.hints`;
}

/** Undefined if the name is not that of a file of hints. */
export function hintFileNumberOf(name: string): number | undefined {
  const digits = HINT_FILE.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function hintsIn(
  bytes: Uint8Array,
  { offset, countMax, stamp }: { readonly offset: number; readonly countMax: number; readonly stamp: number },
): FoundHint[] {
  const hints: FoundHint[] = [];
  let at = 0;
  while (hints.length < countMax) {
    const found = findHint(bytes, at, stamp);
    if (found === undefined) break;
    hints.push({ hint: found.hint, start: offset + found.start, end: offset + found.end });
    at = found.end;
  }
  return hints;
}

function joined(head: Uint8Array, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + rest.length);
  bytes.set(head);
  bytes.set(rest, head.length);
  return bytes;
}

/**
 * The disk of one simulated machine. It outlives the processes that use it (`attach`), forgets at a `crash`
 * what was not synced, and can be told to fail.
 */
import type { Disk } from "../runtime/runtime.ts";
import { DirectoryTree } from "./directory-tree.ts";
import type { DiskStep } from "./disk-step.ts";
import { DiskTrouble } from "./disk-trouble.ts";
import { DiskView, type Medium } from "./disk-view.ts";
import type { Life } from "./life.ts";
import type { SimFile } from "./sim-file.ts";
import type { SimRandom } from "./sim-random.ts";
import { systemError } from "./system-error.ts";

/**
 * Called before each step. Returning a system code ("EIO") makes the step fail; crashing the machine from
 * here makes it the last one: so "crash at the n-th sync" is a counter and a call.
 */
export type Intercept = (step: DiskStep) => string | undefined;

export interface DiskBackup {
  readonly directories: readonly string[];
  readonly contents: readonly (readonly [path: string, bytes: Uint8Array])[];
}

export class SimDisk implements Medium {
  /** More bytes in files than this are refused with ENOSPC. */
  capacityBytes = Number.POSITIVE_INFINITY;
  intercept: Intercept | undefined;
  /** A crash may leave zeros in sectors that were not synced, even before later ones that survived. */
  leavesHoles = false;
  readonly locks = new Map<string, Life>();
  readonly trouble: DiskTrouble;
  readonly #random: SimRandom;
  readonly #ids = new WeakMap<SimFile, string>();
  #idCount = 0;
  #tree = new DirectoryTree();
  #syncCount = 0;

  constructor(random: SimRandom) {
    this.#random = random;
    this.trouble = new DiskTrouble(random.fork("trouble"));
  }

  /** Syncs of files and directories asked for so far. */
  get syncCount(): number {
    return this.#syncCount;
  }

  get usedBytes(): number {
    let used = 0;
    for (const file of new Set(this.#tree.files.values())) used += file.length;
    return used;
  }

  get freeBytes(): number {
    return this.capacityBytes === Number.POSITIVE_INFINITY
      ? this.capacityBytes
      : this.capacityBytes - this.usedBytes;
  }

  get tree(): DirectoryTree {
    return this.#tree;
  }

  /** Paths of all files, sorted. */
  get paths(): string[] {
    return [...this.#tree.files.keys()].sort();
  }

  /** The disk as one process sees it. */
  attach(life: Life): Disk {
    return new DiskView(this, life, this.#random);
  }

  /** The power fails. Requires: no process that uses the disk lives on. */
  crash(): void {
    const files = new Set(this.#tree.files.values());
    this.#tree.crash(this.#random);
    for (const file of this.#tree.files.values()) files.add(file); // removed, yet back
    for (const file of files) file.crash(this.#random, { holes: this.leavesHoles });
  }

  /** An empty disk takes its place. Requires: no process that uses the disk lives on. */
  wipe(): void {
    this.#tree = new DirectoryTree();
  }

  /** What is in it now, for `restore`. */
  backUp(): DiskBackup {
    const contents = [...this.#tree.files].map(([path, file]) => [path, file.read(0, file.length)] as const);
    return { directories: this.#tree.directories, contents };
  }

  /** A disk takes its place that has copies of those files. Requires: no process that uses the disk lives on. */
  restore({ directories, contents }: DiskBackup): void {
    this.#tree = new DirectoryTree();
    for (const path of directories) this.#tree.makeDirectory(path);
    for (const [path, bytes] of contents) {
      const file = this.#tree.open(path, true);
      file.append(bytes);
      file.syncUpTo(file.sequence);
    }
    for (const path of directories) this.#tree.beginSync(path)();
  }

  /** Rot: changes one bit of a file, at a place of the disk's choosing unless told. */
  flipBit(path: string, offset?: number): void {
    const file = this.#tree.open(path, false);
    file.flipBit(offset ?? this.#random.below(file.length), this.#random.below(8));
  }

  /** Rot in some file that is `meant`; its path, or undefined if there is nothing to rot. */
  rot(isMeant: (path: string) => boolean = () => true): string | undefined {
    const paths = this.paths.filter((path) => isMeant(path) && this.#tree.open(path, false).length > 0);
    if (paths.length === 0) return undefined;
    const path = paths[this.#random.below(paths.length)]!;
    this.flipBit(path);
    return path;
  }

  /** All is well again, and there is room. */
  mend(): void {
    this.trouble.mend();
    this.capacityBytes = Number.POSITIVE_INFINITY;
  }

  idOf(file: SimFile): string {
    const id = this.#ids.get(file) ?? String(++this.#idCount);
    this.#ids.set(file, id);
    return id;
  }

  admit(step: DiskStep, addedBytes: number): void {
    if (step.kind === "sync" || step.kind === "syncDirectory") this.#syncCount++;
    const code = this.intercept?.(step) ?? this.trouble.codeFor(step);
    if (code !== undefined) throw systemError(code);
    if (addedBytes > 0 && addedBytes > this.freeBytes) throw systemError("ENOSPC");
  }
}

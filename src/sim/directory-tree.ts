/**
 * Names of files, and how to undo what is not yet synced. A change of names belongs to one directory, a
 * rename across directories to two; it is durable once one of them was synced. A crash undoes in each
 * directory the last few changes that are not durable: all, some or none. Directories are durable as soon as
 * made.
 *
 * Invariant: undoing all pending changes, last first, gives the durable names.
 */
import { dirname, normalize } from "node:path/posix";
import { SimFile } from "./sim-file.ts";
import type { SimRandom } from "./sim-random.ts";
import { systemError } from "./system-error.ts";

interface NameChange {
  readonly directories: readonly string[];
  readonly undo: () => void;
}

export class DirectoryTree {
  readonly #files = new Map<string, SimFile>();
  readonly #directories = new Set(["/", "."]);
  #pending: NameChange[] = [];

  get files(): ReadonlyMap<string, SimFile> {
    return this.#files;
  }

  get directories(): readonly string[] {
    return [...this.#directories].sort();
  }

  exists(rawPath: string): boolean {
    const path = clean(rawPath);
    return this.#files.has(path) || this.#directories.has(path);
  }

  /** Undefined if it is not a directory. */
  directoryId(rawPath: string): string | undefined {
    const path = clean(rawPath);
    return this.#directories.has(path) ? `directory ${path}` : undefined;
  }

  /** The file of that name, made if absent and `create`. */
  open(rawPath: string, create: boolean): SimFile {
    const path = clean(rawPath);
    if (this.#directories.has(path)) throw systemError("EISDIR");
    this.#requireParent(path);
    const present = this.#files.get(path);
    if (present !== undefined) return present;
    if (!create) throw systemError("ENOENT");
    const made = new SimFile();
    this.#put(path, made, [dirname(path)]);
    return made;
  }

  list(rawPath: string): string[] {
    const path = clean(rawPath);
    if (this.#files.has(path)) throw systemError("ENOTDIR");
    const prefix = path === "/" ? "/" : path === "." ? "" : `${path}/`;
    const names = new Set<string>();
    for (const name of [...this.#files.keys(), ...this.#directories]) {
      if (dirname(name) === path && name !== path) names.add(name.slice(prefix.length));
    }
    return [...names].sort();
  }

  makeDirectory(rawPath: string): void {
    for (let path = clean(rawPath); !this.#directories.has(path); path = dirname(path)) {
      if (this.#files.has(path)) throw systemError("EEXIST");
      this.#directories.add(path);
    }
  }

  rename(rawFrom: string, rawTo: string): void {
    const [from, to] = [clean(rawFrom), clean(rawTo)];
    const file = this.#fileAt(from);
    this.#requireParent(to);
    if (this.#directories.has(to)) throw systemError("EISDIR");
    if (this.#files.get(to) === file) return;
    const replaced = this.#files.get(to);
    this.#files.delete(from);
    this.#files.set(to, file);
    const undo = (): void => {
      this.#files.set(from, file);
      this.#set(to, replaced);
    };
    this.#pending.push({ directories: [...new Set([dirname(from), dirname(to)])], undo });
  }

  link(rawFrom: string, rawTo: string): void {
    const [from, to] = [clean(rawFrom), clean(rawTo)];
    const file = this.#fileAt(from);
    this.#requireParent(to);
    if (this.exists(to)) throw systemError("EEXIST");
    this.#put(to, file, [dirname(to)]);
  }

  remove(rawPath: string): void {
    const path = clean(rawPath);
    if (this.#directories.has(path)) {
      this.#removeDirectory(path);
      return;
    }
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    this.#pending.push({ directories: [dirname(path)], undo: () => this.#files.set(path, file) });
  }

  /** Calling what it returns makes the changes of that directory durable that were there at the beginning. */
  beginSync(rawPath: string): () => void {
    const path = clean(rawPath);
    if (!this.#directories.has(path)) throw systemError("ENOENT");
    const covered = new Set(this.#pending.filter((change) => change.directories.includes(path)));
    return () => {
      this.#pending = this.#pending.filter((change) => !covered.has(change));
    };
  }

  crash(random: SimRandom): void {
    const lossOdds = [1, 4, Number.POSITIVE_INFINITY][random.below(3)]!; // of each change: all, some or none
    const broken = new Set<string>();
    const lost = this.#pending.filter(({ directories }) => {
      const survives = directories.every((directory) => !broken.has(directory));
      if (survives && (lossOdds === Number.POSITIVE_INFINITY || !random.oneIn(lossOdds))) return false;
      for (const directory of directories) broken.add(directory);
      return true;
    });
    for (const change of lost.reverse()) change.undo();
    this.#pending = [];
  }

  #put(path: string, file: SimFile, directories: readonly string[]): void {
    this.#files.set(path, file);
    this.#pending.push({ directories, undo: () => this.#files.delete(path) });
  }

  #set(path: string, file: SimFile | undefined): void {
    if (file === undefined) this.#files.delete(path);
    else this.#files.set(path, file);
  }

  #fileAt(path: string): SimFile {
    const file = this.#files.get(path);
    if (file === undefined) throw systemError(this.#directories.has(path) ? "EPERM" : "ENOENT");
    return file;
  }

  #requireParent(path: string): void {
    if (!this.#directories.has(dirname(path))) throw systemError("ENOENT");
  }

  #removeDirectory(path: string): void {
    if (this.list(path).length > 0) throw systemError("ENOTEMPTY");
    this.beginSync(path)(); // what was in it is gone with it
    this.#directories.delete(path);
    this.#pending.push({ directories: [dirname(path)], undo: () => this.#directories.add(path) });
  }
}

function clean(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

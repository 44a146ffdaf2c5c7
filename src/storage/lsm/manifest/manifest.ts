/**
 * The durable list of tables: edits are appended to a file, which is replaced by a new one that begins with the whole
 * version when it gets long, when it cannot be written, and at every start. CURRENT switches from one to the other.
 *
 * Invariant: `version` is durable. One edit is written at a time; the next ones wait.
 */
import { assert } from "../../../base/assert.ts";
import { StoreError } from "../../../base/errors.ts";
import type { Disk, DiskFile } from "../../../runtime/runtime.ts";
import { manifestName, manifestNumberOf, saveCurrent } from "./current-file.ts";
import { encodeManifestHeader, encodeRecord } from "./manifest-format.ts";
import { recoverVersion } from "./manifest-recovery.ts";
import type { Version, VersionEdit } from "./version.ts";

export interface ManifestOptions {
  readonly disk: Disk;
  /** The data directory; it exists. */
  readonly directory: string;
  /** Edits of this many bytes at least, and of twice the whole version's, make a file long. */
  readonly editBytesMin?: number;
}

const EDIT_BYTES_MIN = 256 * 1024;

export class Manifest {
  /** At the start: see RecoveredVersion. */
  readonly cutBytes: number;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #editBytesMin: number;
  #version: Version;
  #nextFile: number;
  #number: number;
  /** Undefined if the next edit must begin a new file. */
  #file: DiskFile | undefined;
  #sequence = 0;
  #snapshotBytes = 0;
  #editBytes = 0;
  #lastCommit: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(options: ManifestOptions, version: Version, cutBytes: number, number: number) {
    this.#disk = options.disk;
    this.#directory = options.directory;
    this.#editBytesMin = options.editBytesMin ?? EDIT_BYTES_MIN;
    this.#version = version;
    this.#nextFile = version.nextFile;
    this.#number = number;
    this.cutBytes = cutBytes;
  }

  /** Recovers the version and begins a new file. Rejects with StoreError CORRUPTION or IO. */
  static async open(options: ManifestOptions): Promise<Manifest> {
    const { disk, directory } = options;
    const { version, cutBytes } = await recoverVersion(disk, directory);
    const numbers = (await disk.list(directory))
      .map(manifestNumberOf)
      .filter((number) => number !== undefined);
    const manifest = new Manifest(options, version, cutBytes, Math.max(0, ...numbers));
    await manifest.#beginFile(version);
    return manifest;
  }

  get version(): Version {
    return this.#version;
  }

  /** The first of `count` numbers in a row that no other file of the directory has, used or not. */
  takeFileNumbers(count = 1): number {
    const first = this.#nextFile;
    this.#nextFile += count;
    return first;
  }

  /**
   * Resolves to the new version when it is durable; `onDurable` is called first, in the order of the edits.
   *
   * Rejects with StoreError IO, outcome unknown: the edit may be found at the next start, though it does not count now.
   * Until a later edit is durable, keep the files of both: try again, or give the new ones up after a later success.
   */
  async commit(edit: VersionEdit, onDurable?: (version: Version) => void): Promise<Version> {
    if (this.#isClosed) throw new StoreError("CLOSED", "not-applied", "the manifest is closed");
    const commit = this.#lastCommit.then(() => this.#commit(edit, onDurable));
    this.#lastCommit = commit.catch(() => undefined); // told to whoever asked for it
    return commit;
  }

  /** Resolves when the edits under way are settled and the file is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#lastCommit;
    await this.#letGo();
  }

  async #commit(edit: VersionEdit, onDurable?: (version: Version) => void): Promise<Version> {
    const full = { ...edit, nextFile: this.#nextFile };
    const version = this.#version.apply(full);
    try {
      await this.#write(full, version);
    } catch (cause) {
      await this.#letGo();
      if (!(cause instanceof StoreError)) throw cause;
      throw new StoreError("IO", "unknown", cause.message, { cause: cause.cause });
    }
    this.#version = version;
    onDurable?.(version);
    return version;
  }

  async #write(edit: VersionEdit, version: Version): Promise<void> {
    const isLong = this.#editBytes >= Math.max(this.#editBytesMin, 2 * this.#snapshotBytes);
    const file = this.#file;
    if (file === undefined || isLong) return this.#beginFile(version);
    const record = encodeRecord(++this.#sequence, edit);
    await file.append(record);
    await file.sync();
    this.#editBytes += record.length;
    await this.#vouch();
  }

  /**
   * Adds a record that changes nothing: it says that the one before was durable, so that damage to that one cannot
   * be taken for a torn end. It need not be durable itself.
   */
  async #vouch(): Promise<void> {
    try {
      await this.#file?.append(encodeRecord(++this.#sequence, {}));
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      await this.#letGo(); // nobody knows what the file ends in: the next edit begins a new one
    }
  }

  /** Resolves when CURRENT names a new file that holds `version`, durably. */
  async #beginFile(version: Version): Promise<void> {
    await this.#letGo();
    const { file, snapshotBytes } = await createManifestFile(
      this.#disk,
      this.#directory,
      ++this.#number,
      version,
    );
    this.#file = file;
    this.#sequence = 0;
    this.#snapshotBytes = snapshotBytes;
    this.#editBytes = 0;
    await this.#removeOthers();
  }

  /** A manifest that stays costs only space; the next start tries again. */
  async #removeOthers(): Promise<void> {
    try {
      for (const name of await this.#disk.list(this.#directory)) {
        const number = manifestNumberOf(name);
        if (number !== undefined && number < this.#number)
          await this.#disk.remove(`${this.#directory}/${name}`);
      }
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
    }
  }

  /** What counts has been synced: that closing fails does not matter. */
  async #letGo(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }
}

/**
 * Resolves when CURRENT names a new manifest that holds `version`, durably; the file is open for edits. Requires: no
 * manifest of that number is there.
 */
export async function createManifestFile(
  disk: Disk,
  directory: string,
  number: number,
  version: Version,
): Promise<{ readonly file: DiskFile; readonly snapshotBytes: number }> {
  const path = `${directory}/${manifestName(number)}`;
  const snapshot = encodeRecord(0, version.asEdit());
  const file = await disk.open(path);
  try {
    assert((await file.sizeBytes()) === 0, `${path} was written before`);
    await file.append(encodeManifestHeader(number));
    await file.append(snapshot);
    await file.sync();
    await disk.syncDirectory(directory);
    await saveCurrent(disk, directory, number);
  } catch (cause) {
    await file.close().catch(() => undefined); // the first failure is the one to tell
    throw cause;
  }
  return { file, snapshotBytes: snapshot.length };
}

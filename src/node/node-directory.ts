/**
 * The data directory of a node, taken for this process alone: its lock, and who it is.
 *
 *   DIR/LOCK      names the process that holds it; nothing else is touched without it
 *   DIR/STORE     says that this is a node's: see src/storage/lsm/directory/store-marker.ts
 *   DIR/IDENTITY  the actor, and the counters it may have used: see src/storage/lsm/directory/identity.ts
 *   DIR/CLOSED    empty, and there only between an end in good order and the next start
 *   DIR/SEEN      what a member of a cluster has seen for sure: see cluster/seen-file.ts
 *   DIR/CURRENT, MANIFEST-n, log/, tables/, quarantine/     the engine's
 *   DIR/checkpoints/                                         see checkpoints.ts
 *   DIR/hints/    what waits for other nodes: see src/replication/hints/hint-store.ts
 *   DIR/keyspaces the keyspaces of a node alone, if it has declared any: see own-keyspaces.ts
 *   DIR/annexes   the keyspaces that are in memory: see annex-file.ts
 *   DIR/cluster/                                             of a member of a cluster: see cluster/footing.ts
 */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { systemCode } from "../runtime/io-error.ts";
import type { Disk, DiskLock, Runtime } from "../runtime/runtime.ts";
import { Identity } from "../storage/lsm/directory/identity.ts";
import { loadMarker, saveMarker } from "../storage/lsm/directory/store-marker.ts";

const OWN_NAME =
  /^(IDENTITY|SEEN|LOCK|STORE|CLOSED|CURRENT|MANIFEST-.*|log|tables|quarantine|checkpoints|cluster|hints|keyspaces|annexes)(\..*)?$/;
/** A whole file system may be given to a node, and people look into directories. */
const TOLERATED_NAME = /^(\..*|lost\+found)$/;

export class NodeDirectory {
  readonly path: string;
  /** True if the last life ended in good order: then nothing that it has written is lost. */
  readonly endedWell: boolean;
  readonly #disk: Disk;
  #identity: Identity;
  readonly #lock: DiskLock;

  private constructor(parts: {
    readonly path: string;
    readonly disk: Disk;
    readonly lock: DiskLock;
    readonly identity: Identity;
    readonly endedWell: boolean;
  }) {
    this.path = parts.path;
    this.endedWell = parts.endedWell;
    this.#disk = parts.disk;
    this.#lock = parts.lock;
    this.#identity = parts.identity;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /**
   * Makes it if it is not there. `recover`: also if STORE is damaged. Rejects with a StoreError whose message names the
   * setting.
   */
  static async open(
    runtime: Pick<Runtime, "disk" | "random">,
    { path, recover }: { readonly path: string; readonly recover: boolean },
    logger: Logger,
  ): Promise<NodeDirectory> {
    const { disk, random } = runtime;
    try {
      await disk.makeDirectory(path);
      refuseForeign(await disk.list(path));
      const lock = await disk.lock(`${path}/LOCK`);
      try {
        await claim(disk, path, recover, logger);
        const identity = await Identity.open({ disk, random, directory: path });
        noteOrigin(identity, path, logger);
        const endedWell = await takeClosedMark(disk, path);
        return new NodeDirectory({ path, disk, lock, identity, endedWell });
      } catch (cause) {
        await lock.release();
        throw cause;
      }
    } catch (cause) {
      throw explain(path, cause);
    }
  }

  /**
   * Rows may be lost, and other nodes may have what this one wrote to them: it goes on as another actor, who never
   * did. Else a counter of its own that it has forgotten would start anew, and replace what the others know of it.
   */
  async renewIdentity(random: Runtime["random"], logger: Logger): Promise<void> {
    await this.#identity.close();
    this.#identity = await Identity.renew({ disk: this.#disk, random, directory: this.path });
    logger.info({ directory: this.path }, "rows may be lost: this node writes under a new identity");
  }

  /** Resolves when nobody will believe any more, durably, that its rows are all that this node has seen. */
  async forgetSeen(): Promise<void> {
    const path = `${this.path}/SEEN`;
    if (!(await this.#disk.exists(path))) return;
    await this.#disk.remove(path);
    await this.#disk.syncDirectory(this.path);
  }

  /** False if its rows are not those of its last life: it is new, a copy, or damaged. */
  async isContinued(): Promise<boolean> {
    return this.#identity.origin === "kept" && (await this.#disk.exists(`${this.path}/CURRENT`));
  }

  /** True if rows may be gone that its actor has written in an earlier life. */
  async mayLackRows(): Promise<boolean> {
    if (this.#identity.origin !== "kept") return false;
    return !this.endedWell || !(await this.#disk.exists(`${this.path}/CURRENT`));
  }

  /** Requires: nothing in it is open any more. `isWhole`: everything that was put is in it, durably. */
  async close(isWhole: boolean): Promise<void> {
    await this.identity.close();
    if (isWhole) await leaveClosedMark(this.#disk, this.path);
    await this.#lock.release();
  }
}

/** Resolves to whether it was there, when it is gone durably. */
async function takeClosedMark(disk: Disk, path: string): Promise<boolean> {
  const mark = `${path}/CLOSED`;
  if (!(await disk.exists(mark))) return false;
  await disk.remove(mark);
  await disk.syncDirectory(path);
  return true;
}

/** Where it cannot be left, the next start takes it that this end was none in good order. */
async function leaveClosedMark(disk: Disk, path: string): Promise<void> {
  try {
    const file = await disk.open(`${path}/CLOSED`);
    await file.close();
    await disk.syncDirectory(path);
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
  }
}

function refuseForeign(names: readonly string[]): void {
  if (names.includes("IDENTITY") || names.includes("CURRENT")) return;
  const foreign = names.find((name) => !OWN_NAME.test(name) && !TOLERATED_NAME.test(name));
  if (foreign === undefined) return;
  throw new StoreError(
    "INVALID_SETTING",
    "not-applied",
    `it is not empty and holds no data of Kvorum, but "${foreign}" and the like`,
  );
}

/** Refuses an embedded store's. A directory with an IDENTITY is a node's, whatever became of its marker. */
async function claim(disk: Disk, path: string, recover: boolean, logger: Logger): Promise<void> {
  const kind = await loadMarker(disk, path).catch(async (cause: unknown) => {
    const isDamaged = cause instanceof StoreError && cause.code === "CORRUPTION";
    if (!isDamaged || !(recover || (await disk.exists(`${path}/IDENTITY`)))) throw cause;
    logger.warn({ directory: path }, "STORE was damaged, and is written anew");
    return undefined;
  });
  if (kind === "embedded")
    throw new StoreError(
      "INVALID_SETTING",
      "not-applied",
      "it is an embedded store (openStore), not a node's",
    );
  if (kind === undefined) await saveMarker(disk, path, "node");
}

function noteOrigin({ origin }: Identity, directory: string, logger: Logger): void {
  if (origin === "copied")
    logger.warn({ directory }, "the data directory is a copy: this node writes under a new identity");
  if (origin === "damaged")
    logger.warn({ directory }, "IDENTITY was damaged: this node writes under a new identity");
}

function explain(path: string, cause: unknown): unknown {
  if (!(cause instanceof StoreError)) return cause;
  const message = `the data directory "${path}" (setting data) cannot be used: ${reasonOf(cause)}`;
  return new StoreError(cause.code, cause.outcome, message, { cause });
}

function reasonOf(error: StoreError): string {
  switch (systemCode(error)) {
    case "EAGAIN":
      return `another process has it (${error.cause instanceof Error ? error.cause.message : "in use"})`;
    case "EACCES":
    case "EPERM":
      return "this user may not write there";
    case "EROFS":
      return "the file system is read-only";
    case "ENOTDIR":
    case "EEXIST":
      return "there is a file of that name, or one is on its path";
    case "ENOSPC":
      return "the disk is full";
    default:
      return error.message;
  }
}

/**
 * The data directory of a node, taken for this process alone: its lock, and who it is.
 *
 *   DIR/LOCK      names the process that holds it; nothing else is touched without it
 *   DIR/STORE     says that this is a node's: see src/storage/lsm/directory/store-marker.ts
 *   DIR/IDENTITY  the actor, and the counters it may have used: see src/storage/lsm/directory/identity.ts
 *   DIR/CURRENT, MANIFEST-n, log/, tables/, quarantine/     the engine's
 *   DIR/checkpoints/                                         see checkpoints.ts
 *   DIR/hints/    what waits for other nodes: see src/replication/hints/hint-store.ts
 *   DIR/cluster/                                             of a member of a cluster: see cluster/footing.ts
 */
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { systemCode } from "../runtime/io-error.ts";
import type { Disk, DiskLock, Runtime } from "../runtime/runtime.ts";
import { Identity } from "../storage/lsm/directory/identity.ts";
import { loadMarker, saveMarker } from "../storage/lsm/directory/store-marker.ts";

const OWN_NAME =
  /^(IDENTITY|LOCK|STORE|CURRENT|MANIFEST-.*|log|tables|quarantine|checkpoints|cluster|hints)(\..*)?$/;
/** A whole file system may be given to a node, and people look into directories. */
const TOLERATED_NAME = /^(\..*|lost\+found)$/;

export class NodeDirectory {
  readonly path: string;
  #identity: Identity;
  readonly #lock: DiskLock;

  private constructor(path: string, lock: DiskLock, identity: Identity) {
    this.path = path;
    this.#lock = lock;
    this.#identity = identity;
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
        return new NodeDirectory(path, lock, identity);
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
  async renewIdentity({ disk, random }: Pick<Runtime, "disk" | "random">, logger: Logger): Promise<void> {
    await this.#identity.close();
    this.#identity = await Identity.renew({ disk, random, directory: this.path });
    logger.warn({ directory: this.path }, "rows may be lost: this node writes under a new identity");
  }

  /** True if it had an identity before this start, and now nothing to go with it. */
  async hasLostStore({ disk }: Pick<Runtime, "disk">): Promise<boolean> {
    return this.#identity.origin === "kept" && !(await disk.exists(`${this.path}/CURRENT`));
  }

  /** Requires: nothing in it is open any more. */
  async close(): Promise<void> {
    await this.identity.close();
    await this.#lock.release();
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

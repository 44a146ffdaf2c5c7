/**
 * The actor of a data directory and its counters: no dot is ever given twice. Counters are reserved on the disk in large
 * blocks ahead of their use; a crash skips what is left of a block. The file knows its own id on the disk: where that
 * does not fit, the directory is a copy or was restored, the original may live on with the same counters, and a
 * new actor is minted. So it is when the file is missing or damaged.
 */
import { StoreError } from "../../../base/errors.ts";
import type { Disk, Random } from "../../../runtime/runtime.ts";
import { ACTOR_BYTES, decodeIdentity, encodeIdentity, type IdentityFields } from "./identity-format.ts";

export interface IdentityOptions {
  readonly disk: Disk;
  readonly random: Pick<Random, "bytes">;
  /** The data directory; it exists, and is locked. */
  readonly directory: string;
  readonly blockCounters?: number;
}

/** Why the actor is the one it is: all but "kept" have a new one. */
export type IdentityOrigin = "kept" | "new" | "copied" | "damaged" | "renewed";

/** Seconds of the fastest writing, for a disk that stalls; and enough blocks for ever. */
const BLOCK_COUNTERS = 2 ** 24;
const IDENTITY_BYTES_MAX = 4096;

export class Identity {
  readonly origin: IdentityOrigin;
  /** 8 bytes, big-endian. */
  readonly actor: Uint8Array;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #blockCounters: number;
  #next: number;
  /** Durably. */
  #reserved: number;
  #extension: Promise<void> | undefined;
  #failure: unknown;

  private constructor(options: IdentityOptions, origin: IdentityOrigin, actor: Uint8Array, reserved: number) {
    this.#disk = options.disk;
    this.#directory = options.directory;
    this.#blockCounters = options.blockCounters ?? BLOCK_COUNTERS;
    this.origin = origin;
    this.actor = actor;
    this.#next = reserved + 1;
    this.#reserved = reserved;
  }

  /** Resolves when a first block of counters is reserved, durably. Rejects with StoreError IO. */
  static async open(options: IdentityOptions): Promise<Identity> {
    const { origin, fields } = await load(options.disk, options.directory);
    const actor = fields?.actor ?? options.random.bytes(ACTOR_BYTES);
    const identity = new Identity(options, origin, actor, fields?.reserved ?? 0);
    await identity.#reserve();
    return identity;
  }

  /** As `open`, for a directory that may have lost rows: a new actor, who need not know what the old one wrote to them. */
  static async renew(options: IdentityOptions): Promise<Identity> {
    const identity = new Identity(options, "renewed", options.random.bytes(ACTOR_BYTES), 0);
    await identity.#reserve();
    return identity;
  }

  /** No higher one was ever given. */
  get lastCounter(): number {
    return this.#next - 1;
  }

  /**
   * Hot: a counter that this actor has never had. Throws StoreError IO, not applied, if the disk has not let counters be
   * reserved for long.
   */
  nextCounter(): number {
    if (this.#reserved - this.#next < this.#blockCounters / 2) this.#extend();
    if (this.#next > this.#reserved) {
      const message = "no counters are reserved: IDENTITY cannot be written";
      throw new StoreError("IO", "not-applied", message, { cause: this.#failure });
    }
    return this.#next++;
  }

  /** Resolves when nothing is being written. No counter may be asked for after it. */
  async close(): Promise<void> {
    await this.#extension;
  }

  /** One attempt at a time; the next counter asked for begins another. */
  #extend(): void {
    this.#extension ??= this.#reserve()
      .catch((cause: unknown) => {
        if (!(cause instanceof StoreError)) throw cause;
        this.#failure = cause;
      })
      .finally(() => {
        this.#extension = undefined;
      });
  }

  async #reserve(): Promise<void> {
    const reserved = Math.max(this.#reserved, this.#next - 1) + this.#blockCounters;
    await save(this.#disk, this.#directory, this.actor, reserved);
    this.#reserved = reserved;
  }
}

interface Loaded {
  readonly origin: IdentityOrigin;
  /** Only if the directory keeps its actor. */
  readonly fields?: IdentityFields;
}

async function load(disk: Disk, directory: string): Promise<Loaded> {
  const path = `${directory}/IDENTITY`;
  if (!(await disk.exists(path))) return { origin: "new" };
  const file = await disk.open(path, { create: false });
  const bytes = await file.read(0, IDENTITY_BYTES_MAX);
  await file.close();
  const fields = decodeIdentity(bytes, path);
  if (fields === undefined) return { origin: "damaged" };
  return fields.fileId === (await disk.fileId(path)) ? { origin: "kept", fields } : { origin: "copied" };
}

/** Resolves when durable. */
async function save(disk: Disk, directory: string, actor: Uint8Array, reserved: number): Promise<void> {
  const draft = `${directory}/IDENTITY.new`;
  await disk.remove(draft);
  const file = await disk.open(draft);
  try {
    const fileId = await disk.fileId(draft);
    await file.append(encodeIdentity({ actor, reserved, fileId }));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(draft, `${directory}/IDENTITY`);
  await disk.syncDirectory(directory);
}

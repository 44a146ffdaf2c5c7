/**
 * A copy of a data directory at one moment, in no time and hardly any space: tables are shared by hard links, for they
 * never change, and copied where that is not possible (another file system); of the logs, what was complete is copied. It
 * opens as a data directory, with an actor of its own, for IDENTITY is not in it.
 *
 * CURRENT comes last: what a crash leaves of a checkpoint has tables without it, and is refused.
 */
import { StoreError } from "../../../base/errors.ts";
import { systemCode } from "../../../runtime/io-error.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { createManifestFile } from "../manifest/manifest.ts";
import { tableName } from "../manifest/table-entry.ts";
import type { Version } from "../manifest/version.ts";
import { loadMarker, saveMarker } from "./store-marker.ts";

export interface CheckpointOptions {
  readonly disk: Disk;
  /** The data directory. */
  readonly directory: string;
  /** Absent or empty. */
  readonly target: string;
  /** Pinned by the caller until it is done. */
  readonly version: Version;
  /** Files of the log that the version does not cover, and how many of their bytes are whole batches. */
  readonly logs: readonly { readonly name: string; readonly bytes: number }[];
}

const COPY_BYTES = 1024 * 1024;
const MANIFEST_NUMBER = 1;
/** Another file system; one without links; a file with as many as it can have. */
const UNLINKABLE: ReadonlySet<string | undefined> = new Set([
  "EXDEV",
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
]);

/**
 * Resolves when the checkpoint is whole and durable. Rejects with StoreError INVALID_REQUEST if `target` has files, and
 * with IO if the disk refuses: then it has been emptied again, if that was possible.
 */
export async function writeCheckpoint(options: CheckpointOptions): Promise<void> {
  const { disk, target } = options;
  if ((await disk.list(target)).length > 0) {
    throw new StoreError("INVALID_REQUEST", "not-applied", `${target} is not empty`);
  }
  try {
    await writeInto(options);
  } catch (cause) {
    await removeCheckpoint(disk, target).catch(() => undefined); // the first failure is the one to tell
    throw cause;
  }
}

async function writeInto({ disk, directory, target, version, logs }: CheckpointOptions): Promise<void> {
  await disk.makeDirectory(`${target}/tables`);
  await disk.makeDirectory(`${target}/log`);
  for (const { number } of version.tables) {
    const name = tableName(number);
    await linkOrCopy(disk, `${directory}/tables/${name}`, `${target}/tables/${name}`);
  }
  for (const { name, bytes } of logs) {
    await copyFile(disk, { from: `${directory}/log/${name}`, to: `${target}/log/${name}`, bytes });
  }
  await disk.syncDirectory(`${target}/tables`);
  await disk.syncDirectory(`${target}/log`);
  const kind = await loadMarker(disk, directory);
  if (kind !== undefined) await saveMarker(disk, target, kind);
  const { file } = await createManifestFile(disk, target, MANIFEST_NUMBER, version);
  await file.close();
}

/** Removes a checkpoint, or what a crash left of one. CURRENT goes first: what is left is refused. */
export async function removeCheckpoint(disk: Disk, target: string): Promise<void> {
  await disk.remove(`${target}/CURRENT`);
  await disk.syncDirectory(target);
  for (const folder of ["tables", "log"]) {
    for (const name of await disk.list(`${target}/${folder}`))
      await disk.remove(`${target}/${folder}/${name}`);
    await disk.remove(`${target}/${folder}`);
  }
  for (const name of await disk.list(target)) await disk.remove(`${target}/${name}`);
  await disk.remove(target);
}

async function linkOrCopy(disk: Disk, from: string, to: string): Promise<void> {
  try {
    await disk.link(from, to);
  } catch (cause) {
    if (!UNLINKABLE.has(systemCode(cause))) throw cause;
    const source = await disk.open(from, { create: false });
    const bytes = await source.sizeBytes().finally(() => source.close());
    await copyFile(disk, { from, to, bytes });
  }
}

/** Resolves when the bytes are durable. */
async function copyFile(
  disk: Disk,
  { from, to, bytes }: { readonly from: string; readonly to: string; readonly bytes: number },
): Promise<void> {
  const source = await disk.open(from, { create: false });
  const copy = await disk.open(to);
  try {
    for (let at = 0; at < bytes; at += COPY_BYTES) {
      const length = Math.min(COPY_BYTES, bytes - at);
      const piece = await source.read(at, length);
      if (piece.length < length) {
        throw new StoreError(
          "IO",
          "not-applied",
          `${from} has less than the ${bytes} bytes that were written`,
        );
      }
      await copy.append(piece);
    }
    await copy.sync();
  } finally {
    await source.close();
    await copy.close();
  }
}

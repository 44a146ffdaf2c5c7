/**
 * A copy of a data directory at one moment, in no time and hardly any space: tables are shared by hard links, for they
 * never change; of the logs, what was complete is copied. It opens as a data directory, with an actor of its own,
 * for IDENTITY is not in it.
 *
 * CURRENT comes last: what a crash leaves of a checkpoint has tables without it, and is refused.
 */
import { StoreError } from "../../../base/errors.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { createManifestFile } from "../manifest/manifest.ts";
import { tableName } from "../manifest/table-entry.ts";
import type { Version } from "../manifest/version.ts";

export interface CheckpointOptions {
  readonly disk: Disk;
  /** The data directory. */
  readonly directory: string;
  /** On the same file system; absent or empty. */
  readonly target: string;
  /** Pinned by the caller until it is done. */
  readonly version: Version;
  /** Files of the log that the version does not cover, and how many of their bytes are whole batches. */
  readonly logs: readonly { readonly name: string; readonly bytes: number }[];
}

const COPY_BYTES = 1024 * 1024;
const MANIFEST_NUMBER = 1;

/** Resolves when the checkpoint is whole and durable. Rejects with StoreError INVALID_REQUEST if `target` has files. */
export async function writeCheckpoint({
  disk,
  directory,
  target,
  version,
  logs,
}: CheckpointOptions): Promise<void> {
  if ((await disk.list(target)).length > 0) {
    throw new StoreError("INVALID_REQUEST", "not-applied", `${target} is not empty`);
  }
  await disk.makeDirectory(`${target}/tables`);
  await disk.makeDirectory(`${target}/log`);
  for (const { number } of version.tables) {
    const name = tableName(number);
    await disk.link(`${directory}/tables/${name}`, `${target}/tables/${name}`);
  }
  for (const { name, bytes } of logs) {
    await copyFile(disk, { from: `${directory}/log/${name}`, to: `${target}/log/${name}`, bytes });
  }
  await disk.syncDirectory(`${target}/tables`);
  await disk.syncDirectory(`${target}/log`);
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

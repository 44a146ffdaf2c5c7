/** A file that gets all its bytes anew: a crash leaves the old ones or the new ones. */
import type { Disk, DiskFile, OpenOptions } from "../../../runtime/runtime.ts";

/** A file beside the one whose place it will take; of no use after a crash. */
export const DRAFT_SUFFIX = ".new";

/**
 * Resolves to the new file, open, when it has taken the place of the one at `path` with all of `bytes` durable.
 * Durable by name only after `syncDirectory`.
 */
export async function replaceFile(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  options: OpenOptions = {},
): Promise<DiskFile> {
  const draft = path + DRAFT_SUFFIX;
  await disk.remove(draft);
  const file = await disk.open(draft, options);
  try {
    await file.append(bytes);
    await file.sync();
    await disk.rename(draft, path);
    return file;
  } catch (cause) {
    await file.close().catch(() => undefined); // the first failure is the one to tell
    throw cause;
  }
}

/** Where damaged files are kept for whoever wants to look. */
import type { Disk } from "../../../runtime/runtime.ts";

/** What was put into quarantine. */
export interface QuarantinedFile {
  readonly path: string;
  /** Where it is kept; undefined if it was missing. */
  readonly keptAs: string | undefined;
  /** What is wrong with it, with offsets. */
  readonly damages: readonly string[];
  /** Which rows may be gone, or back in an older version: slots, and row keys in hexadecimal. */
  readonly rows: string;
}

/** Gives the file a second name in `directory`, durably; what is there already stays. Undefined if it is missing. */
export async function keepFile(disk: Disk, path: string, directory: string): Promise<string | undefined> {
  if (!(await disk.exists(path))) return undefined;
  await disk.makeDirectory(directory);
  const wanted = `${directory}/${path.slice(path.lastIndexOf("/") + 1)}`;
  let keptAs = wanted;
  for (let copy = 2; await disk.exists(keptAs); copy++) {
    if ((await disk.fileId(keptAs)) === (await disk.fileId(path))) return keptAs;
    keptAs = `${wanted}.${copy}`;
  }
  await disk.link(path, keptAs);
  await disk.syncDirectory(directory);
  return keptAs;
}

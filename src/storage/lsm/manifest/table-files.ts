/** Compares the files in a directory with its version, at the start. */
import type { Disk } from "../../../runtime/runtime.ts";
import { corruption } from "../table/corruption.ts";
import { tableName, tableNumberOf } from "./table-entry.ts";
import type { Version } from "./version.ts";

export interface TidyOptions {
  readonly disk: Disk;
  /** The data directory. */
  readonly directory: string;
  readonly version: Version;
  /** Of the manifest: if it lost bytes, a table that nobody knows may be the last copy of its rows. */
  readonly cutBytes: number;
}

/**
 * Tables that no version has, as a crash leaves them, are removed; put into quarantine/ if the manifest lost bytes.
 * Resolves to their names. Rejects with StoreError CORRUPTION if a table of the version is missing.
 */
export async function tidyTables({
  disk,
  directory,
  version,
  cutBytes,
}: TidyOptions): Promise<readonly string[]> {
  const tables = `${directory}/tables`;
  const names = await disk.list(tables);
  const known = new Set(version.tables.map(({ number }) => tableName(number)));
  const there = new Set(names);
  for (const name of known) {
    if (!there.has(name))
      throw corruption(`${tables}/${name}`, 0, "the manifest has this table, but it is missing");
  }
  const orphans = names.filter((name) => tableNumberOf(name) !== undefined && !known.has(name));
  if (orphans.length === 0) return orphans;
  if (cutBytes > 0) await disk.makeDirectory(`${directory}/quarantine`);
  for (const name of orphans) {
    if (cutBytes > 0) await disk.rename(`${tables}/${name}`, `${directory}/quarantine/${name}`);
    else await disk.remove(`${tables}/${name}`);
  }
  if (cutBytes > 0) await disk.syncDirectory(`${directory}/quarantine`);
  await disk.syncDirectory(tables);
  return orphans;
}

/** Opens tables that have just been written. */
import { StoreError } from "../../../base/errors.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import type { OpenTables } from "./open-tables.ts";
import { isCorruption } from "./retry.ts";

/**
 * Resolves to what `look` does, which comes when all are open. If it fails, they are gone: others are to be written in
 * their place, under other numbers. Rejects with StoreError IO also for what cannot be read as it was written, for that
 * is no damage to anything that counts.
 */
export async function openNewTables<T>(
  tables: OpenTables,
  entries: readonly TableEntry[],
  look: () => Promise<T>,
): Promise<T> {
  try {
    for (const entry of entries) await tables.add(entry);
    return await look();
  } catch (cause) {
    tables.drop(entries);
    if (!isCorruption(cause)) throw cause;
    throw new StoreError("IO", "not-applied", `a new table cannot be read: ${cause.message}`, { cause });
  }
}

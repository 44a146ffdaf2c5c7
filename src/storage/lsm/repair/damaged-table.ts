/** Looks through a table whole, and tells what is wrong with it and which rows that concerns. */
import { StoreError } from "../../../base/errors.ts";
import { SLOT_COUNT } from "../../../ring/slot.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { slotOfRow } from "../../row-key.ts";
import { BlockCache } from "../table/block-cache.ts";
import { checkTable } from "../table/table-check.ts";
import type { TableProperties } from "../table/table-properties.ts";
import { TableReader } from "../table/table-reader.ts";

export interface TableFindings {
  /** As the file itself has them; undefined if they cannot be read. */
  readonly properties: TableProperties | undefined;
  /** None if the table is sound. */
  readonly damages: readonly string[];
  readonly rows: string;
}

/** What the manifest says of a table. */
export interface KnownTable {
  readonly checksum: number;
  readonly properties: TableProperties;
}

/** `known` only if there is a manifest. Rejects with StoreError IO if the file cannot be read. */
export async function examineTable(disk: Disk, path: string, known?: KnownTable): Promise<TableFindings> {
  const all = spanOf(known?.properties.smallestKey, known?.properties.largestKey);
  if (!(await disk.exists(path))) {
    return { properties: undefined, damages: [`${path}: offset 0: the file is missing`], rows: all };
  }
  try {
    const opening = { disk, path, cache: new BlockCache(0) };
    const table = await TableReader.open(known ? { ...opening, checksum: known.checksum } : opening);
    const { damages } = await checkTable(table).finally(() => table.close());
    const rows = damages.map(({ from, to }) => spanOf(from, to)).join("; ");
    return { properties: table.properties, damages: damages.map(({ error }) => error.message), rows };
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== "CORRUPTION") throw cause;
    return { properties: undefined, damages: [cause.message], rows: all };
  }
}

/** Bounds that are undefined or empty are the first and the last row. */
function spanOf(from: Uint8Array | undefined, to: Uint8Array | undefined): string {
  const slotAt = (key: Uint8Array | undefined, other: number): number =>
    key === undefined || key.length < 2 ? other : slotOfRow(key, 0);
  const hex = (key: Uint8Array | undefined, other: string): string =>
    key === undefined || key.length === 0 ? other : Buffer.from(key).toString("hex");
  const slots = `slots ${slotAt(from, 0)} to ${slotAt(to, SLOT_COUNT - 1)}`;
  return `${slots}, row keys ${hex(from, "from the first")} to ${hex(to, "the last")}`;
}

/** Short ways to make tables and versions. For tests only: like every oracle, left out of the build. */
import { sampleKey } from "../table/table-samples.oracle.ts";
import type { TableEntry } from "./table-entry.ts";
import type { Version } from "./version.ts";

/** A table of the row keys from `first` to `last`. */
export function sampleTable(
  number: number,
  level: number,
  first: Uint8Array,
  last: Uint8Array,
  rest: Partial<TableEntry> = {},
): TableEntry {
  const properties = {
    level,
    age: number,
    rowCount: 10,
    expiringCount: 0,
    tombstoneCount: 0,
    rawBytes: 1000,
    oldestWallMs: 0,
    newestWallMs: 0,
    earliestExpiryMs: 0,
    latestExpiryMs: 0,
    smallestKey: first,
    largestKey: last,
    slots: Uint8Array.of(1),
  };
  return {
    number,
    level,
    age: number,
    horizonMs: 0,
    fileBytes: 1000,
    checksum: 7 * number,
    properties,
    ...rest,
  };
}

/** Row keys that sort as the numbers do. */
export function keyAt(position: number): Uint8Array {
  const key = sampleKey("k");
  key[0] = position >> 8;
  key[1] = position;
  return key;
}

/** What tests compare: numbers of tables by level. */
export function layoutOf(version: Version): number[][] {
  return [version.level0, ...version.runs.map((run) => run.tables)].map((tables) =>
    tables.map(({ number }) => number),
  );
}

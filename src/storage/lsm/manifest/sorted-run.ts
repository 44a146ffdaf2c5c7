/**
 * The tables of one level from 1 on: none overlaps another, so that a row key is in one of them or in none.
 *
 * Hot: `find`, once per level and get that the memtables cannot answer; allocates nothing.
 */
import { assert } from "../../../base/assert.ts";
import { compareBytes } from "../../../base/bytes.ts";
import { prefixOf, type TableProbe } from "../table/table-probe.ts";
import type { TableEntry } from "./table-entry.ts";

export class SortedRun {
  /** In row-key order. */
  readonly tables: readonly TableEntry[];
  readonly bytes: number;
  /** Of the largest keys: decides nearly every comparison. */
  readonly #largestPrefixes: Float64Array;

  /** Requires: no table is empty, none overlaps another. */
  constructor(tables: readonly TableEntry[]) {
    this.tables = [...tables].sort((a, b) =>
      compareBytes(a.properties.smallestKey, b.properties.smallestKey),
    );
    for (let i = 1; i < this.tables.length; i++) {
      const before = this.tables[i - 1]!.properties.largestKey;
      const isApart = compareBytes(before, this.tables[i]!.properties.smallestKey) < 0;
      assert(isApart, "tables of one level overlap");
    }
    this.#largestPrefixes = Float64Array.from(this.tables, ({ properties: { largestKey } }) =>
      prefixOf(largestKey, 0, largestKey.length),
    );
    this.bytes = bytesOfTables(this.tables);
  }

  /** The only table that may hold the row. */
  find(probe: TableProbe): TableEntry | undefined {
    let low = 0;
    let high = this.tables.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#endsBefore(middle, probe)) low = middle + 1;
      else high = middle;
    }
    const table = this.tables[low];
    if (table === undefined || compareProbe(probe, table.properties.smallestKey) < 0) return undefined;
    return table;
  }

  /** Those with a key from `from` to `to`, both inclusive. */
  overlapping(from: Uint8Array, to: Uint8Array): readonly TableEntry[] {
    return this.tables.filter((table) => overlaps(table, from, to));
  }

  #endsBefore(index: number, probe: TableProbe): boolean {
    const prefix = this.#largestPrefixes[index]!;
    if (prefix !== probe.prefix) return prefix < probe.prefix;
    return compareProbe(probe, this.tables[index]!.properties.largestKey) > 0;
  }
}

/** True if the table's keys reach into `from` to `to`, both inclusive. */
export function overlaps({ properties }: TableEntry, from: Uint8Array, to: Uint8Array): boolean {
  return compareBytes(properties.largestKey, from) >= 0 && compareBytes(properties.smallestKey, to) <= 0;
}

export function bytesOfTables(tables: readonly TableEntry[]): number {
  return tables.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
}

/** As compareBytes of the probe's key and `other`. */
export function compareProbe({ bytes, length }: TableProbe, other: Uint8Array): number {
  const end = Math.min(length, other.length);
  for (let i = 0; i < end; i++) {
    const difference = bytes[i]! - other[i]!;
    if (difference !== 0) return difference;
  }
  return length - other.length;
}

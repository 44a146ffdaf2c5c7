/** What a merge has to know of the tables around it. Pure. */
import { compareBytes } from "../../../base/bytes.ts";
import type { Compaction } from "../compaction/picker.ts";
import { overlaps } from "../manifest/sorted-run.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import { LEVEL_COUNT, type Version } from "../manifest/version.ts";

/** The inputs as sorted runs, the newest first: tables of one level do not overlap, unless it is level 0. */
export function runsOf(inputs: readonly TableEntry[]): TableEntry[][] {
  const runs: TableEntry[][] = [];
  for (const table of inputs) {
    const last = runs.at(-1);
    if (last !== undefined && table.level > 0 && last[0]!.level === table.level) last.push(table);
    else runs.push([table]);
  }
  for (const run of runs)
    run.sort((a, b) => compareBytes(a.properties.smallestKey, b.properties.smallestKey));
  return runs;
}

/** Tables below the target level that may have older versions of the rows. */
export function lowerTables(version: Version, { inputs, targetLevel }: Compaction): TableEntry[] {
  const lower: TableEntry[] = [];
  for (let level = targetLevel + 1; level < LEVEL_COUNT; level++) {
    for (const table of version.level(level)) {
      const isNear = inputs.some(({ properties }) =>
        overlaps(table, properties.smallestKey, properties.largestKey),
      );
      if (isNear) lower.push(table);
    }
  }
  return lower;
}

/**
 * Opens tables that format 1 wrote, for ever: the files were written once, by `TableWriter` as it was then, with
 * `goldenRows`, blocks of 1 KiB and one packing each, and are never written again.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Disk } from "../../../runtime/runtime.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { BlockCache } from "./block-cache.ts";
import { checkTable } from "./table-check.ts";
import { TableReader } from "./table-reader.ts";
import { bytesOf, goldenRows, probeOf, type Row, rangeOf, writeSampleTable } from "./table-samples.oracle.ts";
import { DEFAULT_TABLE_SETTINGS } from "./table-writer.ts";

const PACKINGS = ["stored", "lz4", "deflate"] as const;

function golden(packing: string): Uint8Array {
  return readFileSync(new URL(`../testdata/v1/table/${packing}.sst`, import.meta.url));
}

async function onSimulatedDisk(body: (disk: Disk) => Promise<void>): Promise<void> {
  const world = new SimWorld(1);
  await world.runUntil(body(world.runtime("a").disk));
}

test.each(PACKINGS)("a table of format 1, %s, gives every row by get and by scan", (packing) =>
  onSimulatedDisk(async (disk) => {
    await (await disk.open("/t")).append(golden(packing));
    const reader = await TableReader.open({ disk, path: "/t", cache: new BlockCache(100_000) });
    const rows = goldenRows();
    for (const { key, cell } of rows) {
      const into = rangeOf(key);
      expect(await reader.get(probeOf(key), into)).toBe(true);
      expect(bytesOf(into)).toEqual(cell);
    }
    const scanned: Row[] = [];
    const iterator = reader.scan();
    while (await iterator.next()) scanned.push({ key: bytesOf(iterator.key), cell: bytesOf(iterator.cell) });
    expect(scanned).toEqual(rows);
    expect(await checkTable(reader)).toMatchObject({ rowCount: rows.length, damages: [] });
  }),
);

test.each(PACKINGS)("a table of format 1, %s, still says the same of its rows", (packing) =>
  onSimulatedDisk(async (disk) => {
    await (await disk.open("/t")).append(golden(packing));
    const reader = await TableReader.open({ disk, path: "/t", cache: new BlockCache(0) });
    const { properties } = await writeSampleTable(disk, "/now", goldenRows());
    const now = await TableReader.open({ disk, path: "/now", cache: new BlockCache(0) });
    expect(reader.properties).toEqual(properties);
    const [then, sums] = await Promise.all([reader.loadSums(), now.loadSums()]);
    expect(then.summary.equals(sums.summary)).toBe(true);
    expect(then.tally.encode()).toEqual(sums.tally.encode());
  }),
);

test("the same rows, not packed, are still the same bytes", () =>
  onSimulatedDisk(async (disk) => {
    const settings = { ...DEFAULT_TABLE_SETTINGS, blockBytes: 1024, packing: "stored" } as const;
    const { fileBytes } = await writeSampleTable(disk, "/t", goldenRows(), settings);
    const written = await (await disk.open("/t")).read(0, fileBytes);
    expect(Buffer.from(written).toString("hex")).toBe(Buffer.from(golden("stored")).toString("hex"));
  }));

test("the table without any row is the one that docs/formats/sstable.md shows", () =>
  onSimulatedDisk(async (disk) => {
    const { fileBytes } = await writeSampleTable(disk, "/t", []);
    const text = readFileSync(new URL("../../../../docs/formats/sstable.md", import.meta.url), "utf8");
    const [, example] = text.split("A table without any row, whole:");
    const columns = example!
      .split("\n## ")[0]!
      .trimEnd()
      .replace(/^\n+/, "")
      .split("\n")
      .map((line) => line.slice(17).replace(/ {3,}.*|"/g, ""));
    const written = await (await disk.open("/t")).read(0, fileBytes);
    expect(columns.join("").replaceAll(" ", "")).toBe(Buffer.from(written).toString("hex"));
  }));

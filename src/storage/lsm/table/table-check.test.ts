import { expect, test } from "vitest";
import { compareBytes } from "../../../base/bytes.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { BlockCache } from "./block-cache.ts";
import { type CheckedTable, checkTable } from "./table-check.ts";
import { TableReader } from "./table-reader.ts";
import { probeOf, rangeOf, sampleRows, writeSampleTable } from "./table-samples.oracle.ts";
import { DEFAULT_TABLE_SETTINGS } from "./table-writer.ts";

const SETTINGS = { ...DEFAULT_TABLE_SETTINGS, blockBytes: 512 };

test("a whole table is told to be whole, and is read at the caller's pace", async () => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  let pacedBytes = 0;
  const run = async (): Promise<void> => {
    await writeSampleTable(disk, "/t", sampleRows(300), SETTINGS);
    const reader = await TableReader.open({ disk, path: "/t", cache: new BlockCache(0) });
    const check = await checkTable(reader, (bytes) => {
      pacedBytes += bytes;
    });
    expect(check).toMatchObject({ rowCount: 300, blockCount: reader.index.blockCount, damages: [] });
    expect(pacedBytes).toBe(reader.index.offset(reader.index.blockCount));
  };
  await world.runUntil(run());
});

test("damage in a block is told with the rows that it covers; all others are still found", async () => {
  const world = new SimWorld(2);
  const { disk } = world.runtime("a");
  const rows = sampleRows(300);
  const run = async (): Promise<void> => {
    await writeSampleTable(disk, "/t", rows, SETTINGS);
    const reader = await TableReader.open({ disk, path: "/t", cache: new BlockCache(0) });
    const offset = reader.index.offset(7) + 3;
    world.disk("a").flipBit("/t", offset);
    const { damages, rowCount } = await checkTable(reader);
    expect(damages).toHaveLength(1);
    const [{ error, from, to }] = damages as [(typeof damages)[number]];
    expect(error.code).toBe("CORRUPTION");
    expect(error.message).toContain(`/t: offset ${reader.index.offset(7)}:`);
    const shallow = await checkTable(reader, undefined, "checksums");
    expect(shallow.damages.map((damage) => [damage.error.message, damage.from])).toEqual([
      [error.message, from],
    ]);
    const isCovered = (key: Uint8Array): boolean =>
      compareBytes(key, from) >= 0 && compareBytes(key, to!) < 0;
    expect(rows.filter(({ key }) => isCovered(key))).toHaveLength(rows.length - rowCount);
    for (const { key } of rows) {
      const found = Promise.resolve(reader.get(probeOf(key), rangeOf(key)));
      if (isCovered(key)) await expect(found).rejects.toMatchObject({ code: "CORRUPTION" });
      else expect(await found).toBe(true);
    }
  };
  await world.runUntil(run());
});

test("damage in the sums is found, too", async () => {
  const world = new SimWorld(3);
  const { disk } = world.runtime("a");
  const run = async (): Promise<void> => {
    await writeSampleTable(disk, "/t", sampleRows(100), SETTINGS);
    const reader = await TableReader.open({ disk, path: "/t", cache: new BlockCache(0) });
    world.disk("a").flipBit("/t", reader.index.offset(reader.index.blockCount));
    for (const depth of ["rows", "checksums"] as const) {
      const { damages } = await checkTable(reader, undefined, depth);
      expect(damages.map(({ error }) => error.message)).toEqual([
        expect.stringContaining("the section's checksum does not match"),
      ]);
    }
  };
  await world.runUntil(run());
});

/** The same table, but for what `changes` says of it. */
function changed(reader: TableReader, changes: Partial<CheckedTable>): CheckedTable {
  return {
    path: reader.path,
    properties: reader.properties,
    index: reader.index,
    readPacked: (first, end) => reader.readPacked(first, end),
    unpack: (number, bytes, first) => reader.unpack(number, bytes, first),
    verify: (number, bytes, first) => reader.verify(number, bytes, first),
    mayContain: (probe) => reader.mayContain(probe),
    loadSums: () => reader.loadSums(),
    ...changes,
  };
}

test("what is wrong though its checksums match is found: rows out of order, unknown to the filter, or too few", async () => {
  const world = new SimWorld(4);
  const { disk } = world.runtime("a");
  const run = async (): Promise<void> => {
    await writeSampleTable(disk, "/t", sampleRows(100), SETTINGS);
    const reader = await TableReader.open({ disk, path: "/t", cache: new BlockCache(0) });
    const messages = async (changes: Partial<CheckedTable>): Promise<string[]> =>
      (await checkTable(changed(reader, changes))).damages.map(({ error }) => error.message);
    expect(await messages({})).toEqual([]);
    const asNext: CheckedTable["unpack"] = (number, bytes, first) =>
      reader.unpack(number === 1 ? 2 : number, bytes, first);
    expect(await messages({ unpack: asNext })).toEqual([expect.stringContaining("out of order")]);
    const asBefore: CheckedTable["unpack"] = (number, bytes, first) =>
      reader.unpack(number === 2 ? 1 : number, bytes, first);
    expect(await messages({ unpack: asBefore })).toEqual([expect.stringContaining("out of order")]);
    const filterDamages = await messages({ mayContain: () => false });
    expect(filterDamages).toHaveLength(reader.index.blockCount);
    expect(filterDamages[0]).toContain("the filter does not know a row");
    const properties = { ...reader.properties, rowCount: 101 };
    expect(await messages({ properties })).toEqual([expect.stringContaining("100 rows instead of 101")]);
  };
  await world.runUntil(run());
});

import { expect, test } from "vitest";
import { compareBytes } from "../../../base/bytes.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { BlockCache } from "./block-cache.ts";
import { checkTable } from "./table-check.ts";
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
    const { damages } = await checkTable(reader);
    expect(damages.map(({ error }) => error.message)).toEqual([
      expect.stringContaining("the section's checksum does not match"),
    ]);
  };
  await world.runUntil(run());
});

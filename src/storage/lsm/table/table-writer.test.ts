import { expect, test } from "vitest";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { BlockCache } from "./block-cache.ts";
import { MerkleSummary } from "./merkle-summary.ts";
import { RowTally } from "./row-tally.ts";
import { TableReader } from "./table-reader.ts";
import {
  probeOf,
  rangeOf,
  sampleKey,
  sampleRows,
  sampleTraits,
  writeSampleTable,
} from "./table-samples.oracle.ts";
import { DEFAULT_TABLE_SETTINGS, TableWriter } from "./table-writer.ts";

const noSums = () => ({ summary: new MerkleSummary(), tally: new RowTally() });

const SAMPLE = { traits: sampleTraits, settings: DEFAULT_TABLE_SETTINGS, origin: { level: 0, age: 1 } };

test("a finished table survives a crash, once its directory is synced", async () => {
  for (let seed = 0; seed < 10; seed++) {
    const world = new SimWorld(seed);
    const rows = sampleRows(300);
    const { disk } = world.runtime("a");
    const write = async (): Promise<void> => {
      await writeSampleTable(disk, "/t", rows);
      await disk.syncDirectory("/");
    };
    await world.runUntil(write());
    world.crash("a");
    const read = async (): Promise<void> => {
      const { disk: after } = world.runtime("a");
      const reader = await TableReader.open({ disk: after, path: "/t", cache: new BlockCache(0) });
      for (const { key } of rows) expect(await reader.get(probeOf(key), rangeOf(key))).toBe(true);
    };
    await world.runUntil(read());
  }
});

test("what an earlier attempt left is overwritten", async () => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  const run = async (): Promise<void> => {
    await writeSampleTable(disk, "/t", sampleRows(500));
    const { fileBytes } = await writeSampleTable(disk, "/t", sampleRows(3));
    expect(await (await disk.open("/t")).sizeBytes()).toBe(fileBytes);
  };
  await world.runUntil(run());
});

test.each([
  ["the same row twice", "a", "a"],
  ["a row after a greater one", "b", "a"],
])("%s is a bug of the caller", async (_, first, second) => {
  const world = new SimWorld(1);
  const [greater, smaller] = [sampleKey("b"), sampleKey("a")].sort((a, b) => Buffer.compare(b, a));
  const named = { a: smaller!, b: greater! };
  const run = async (): Promise<void> => {
    const writer = await TableWriter.create(world.runtime("a").disk, "/t", SAMPLE);
    await writer.add(rangeOf(named[first as "a" | "b"]), rangeOf(new Uint8Array(12)));
    expect(() => writer.add(rangeOf(named[second as "a" | "b"]), rangeOf(new Uint8Array(12)))).toThrow(
      "order",
    );
  };
  await world.runUntil(run());
});

test("a row key that another one begins with comes before it", async () => {
  const world = new SimWorld(1);
  const key = sampleKey("a");
  const longer = Uint8Array.of(...key, 0);
  const run = async (): Promise<void> => {
    const writer = await TableWriter.create(world.runtime("a").disk, "/t", SAMPLE);
    await writer.add(rangeOf(key), rangeOf(new Uint8Array(12)));
    await writer.add(rangeOf(longer), rangeOf(new Uint8Array(12)));
    expect(() => writer.add(rangeOf(key), rangeOf(new Uint8Array(12)))).toThrow("order");
    expect((await writer.finish(noSums())).properties.rowCount).toBe(2);
  };
  await world.runUntil(run());
});

test("a full disk is told, and giving up leaves nothing", async () => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  world.disk("a").capacityBytes = 600_000;
  const rows = sampleRows(20_000);
  const run = async (): Promise<void> => {
    const writer = await TableWriter.create(disk, "/t", SAMPLE);
    const writeAll = async (): Promise<void> => {
      for (const { key, cell } of rows) await writer.add(rangeOf(key), rangeOf(cell));
      await writer.finish(noSums());
    };
    await expect(writeAll()).rejects.toMatchObject({ code: "IO", cause: { code: "ENOSPC" } });
    await writer.abandon();
    expect(await disk.exists("/t")).toBe(false);
  };
  await world.runUntil(run());
});

test("rows larger than a chunk of output are written whole", async () => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  const rows = sampleRows(3, 700_000).map(({ key, cell }, i) => ({
    key,
    cell: cell.map((byte, at) => byte ^ (at * i)),
  }));
  const run = async (): Promise<void> => {
    await writeSampleTable(disk, "/t", rows);
    const reader = await TableReader.open({ disk, path: "/t", cache: new BlockCache(10_000_000) });
    for (const { key, cell } of rows) {
      const range = rangeOf(key);
      expect(await reader.get(probeOf(key), range)).toBe(true);
      expect(Buffer.compare(range.bytes.subarray(range.start, range.end), cell)).toBe(0);
    }
  };
  await world.runUntil(run());
});

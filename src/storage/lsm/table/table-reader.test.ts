import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { equalBytes } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { BlockCache } from "./block-cache.ts";
import { hasSlot } from "./table-properties.ts";
import { TableReader } from "./table-reader.ts";
import {
  bytesOf,
  probeOf,
  type Row,
  rangeOf,
  sampleCell,
  sampleKey,
  sampleRows,
  sorted,
  writeSampleTable,
} from "./table-samples.oracle.ts";
import { DEFAULT_TABLE_SETTINGS } from "./table-writer.ts";

const SMALL_BLOCKS = { ...DEFAULT_TABLE_SETTINGS, blockBytes: 256 };
const into = () => rangeOf(new Uint8Array(0));

async function onSimulatedDisk(body: (disk: Disk, world: SimWorld) => Promise<void>): Promise<void> {
  const world = new SimWorld(1);
  await world.runUntil(body(world.runtime("a").disk, world), 10_000_000);
}

function open(disk: Disk, cacheBytes = 1_000_000): Promise<TableReader> {
  return TableReader.open({ disk, path: "/t", cache: new BlockCache(cacheBytes) });
}

test("a get needs the disk once per block, then answers at once", () =>
  onSimulatedDisk(async (disk) => {
    const rows = sampleRows(3);
    await writeSampleTable(disk, "/t", rows);
    const reader = await open(disk);
    const range = into();
    expect(reader.get(probeOf(rows[0]!.key), range)).toBeInstanceOf(Promise);
    expect(await reader.get(probeOf(rows[0]!.key), range)).toBe(true);
    for (const { key, cell } of rows) {
      expect(reader.get(probeOf(key), range)).toBe(true);
      expect(bytesOf(range)).toEqual(cell);
    }
  }));

test("a row that the filter does not know costs no read", () =>
  onSimulatedDisk(async (disk) => {
    await writeSampleTable(disk, "/t", sampleRows(1000));
    const reader = await open(disk);
    const answers = Array.from({ length: 1000 }, (_, i) => reader.get(probeOf(sampleKey(`no:${i}`)), into()));
    expect(answers.filter((answer) => answer === false).length).toBeGreaterThan(970);
    expect(await Promise.all(answers)).not.toContain(true);
  }));

test("gets of one block at one time share one read, and the probe may be loaded anew meanwhile", () =>
  onSimulatedDisk(async (disk, world) => {
    const rows = sampleRows(20);
    await writeSampleTable(disk, "/t", rows);
    const reader = await open(disk);
    let readCount = 0;
    world.disk("a").intercept = (step) => {
      if (step.kind === "read") readCount++;
      return undefined;
    };
    const buffer = new Uint8Array(100);
    const probe = probeOf(buffer);
    const ranges = rows.map(into);
    const answers = rows.map(({ key }, i) => {
      buffer.set(key); // as a RowKey does, whose buffer is used again and again
      probe.load(buffer, key.length);
      return reader.get(probe, ranges[i]!);
    });
    expect(await Promise.all(answers)).toEqual(rows.map(() => true));
    expect(ranges.map(bytesOf)).toEqual(rows.map(({ cell }) => cell));
    expect(readCount).toBe(1);
  }));

test("a failed read is told, and the next one tries again", () =>
  onSimulatedDisk(async (disk, world) => {
    const [row] = sampleRows(1) as [Row];
    await writeSampleTable(disk, "/t", [row]);
    const reader = await open(disk);
    world.disk("a").intercept = ({ kind }) => (kind === "read" ? "EIO" : undefined);
    await expect(reader.get(probeOf(row.key), into())).rejects.toMatchObject({ code: "IO" });
    world.disk("a").intercept = undefined;
    expect(await reader.get(probeOf(row.key), into())).toBe(true);
  }));

test("a cell's bytes stay when its block has left the cache", () =>
  onSimulatedDisk(async (disk) => {
    const rows = sampleRows(200);
    await writeSampleTable(disk, "/t", rows, SMALL_BLOCKS);
    const reader = await open(disk, 6000);
    const ranges = rows.map(into);
    for (const [i, { key }] of rows.entries()) await reader.get(probeOf(key), ranges[i]!);
    expect(ranges.map(bytesOf)).toEqual(rows.map(({ cell }) => cell));
  }));

test("properties and sums come back as they were written", () =>
  onSimulatedDisk(async (disk) => {
    const rows = sorted([
      { key: sampleKey("a"), cell: sampleCell("lives", { wallMs: 50 }) },
      { key: sampleKey("b", 2), cell: sampleCell("expires", { wallMs: 70, expiresAtMs: 900 }) },
      { key: sampleKey("c", 2), cell: sampleCell("expires", { wallMs: 60, expiresAtMs: 800 }) },
      { key: sampleKey("d"), cell: sampleCell("", { wallMs: 40 }) },
    ]);
    const { properties, fileBytes } = await writeSampleTable(disk, "/t", rows);
    const reader = await open(disk);
    expect(reader.properties).toEqual(properties);
    expect(reader.fileBytes).toBe(fileBytes);
    expect(properties).toMatchObject({
      rowCount: 4,
      expiringCount: 2,
      tombstoneCount: 1,
      rawBytes: rows.reduce((sum, { key, cell }) => sum + key.length + cell.length, 0),
      oldestWallMs: 40,
      newestWallMs: 70,
      earliestExpiryMs: 800,
      latestExpiryMs: 900,
      smallestKey: rows[0]!.key,
      largestKey: rows[3]!.key,
    });
    const slots = new Set(rows.map(({ key }) => (key[0]! << 8) | key[1]!));
    const told = Array.from({ length: 16384 }, (_, slot) => slot).filter((slot) => hasSlot(properties, slot));
    expect(new Set(told)).toEqual(slots);
    const { tally } = await reader.loadSums();
    expect([tally.counts(0), tally.counts(2)]).toEqual([
      { rows: 1, expiring: 0 },
      { rows: 2, expiring: 2 },
    ]);
  }));

test("sums of many slots are read with rests between their parts", () =>
  onSimulatedDisk(async (disk, world) => {
    await writeSampleTable(disk, "/t", sampleRows(2000));
    const reader = await open(disk);
    let restCount = 0;
    const { clock } = world.runtime("a");
    const rested = await reader.loadSums(async () => {
      restCount++;
      await clock.sleep(1);
    });
    expect(restCount).toBeGreaterThan(3);
    expect(rested.summary.equals((await reader.loadSums()).summary)).toBe(true);
  }));

test("an empty table has no rows", () =>
  onSimulatedDisk(async (disk) => {
    await writeSampleTable(disk, "/t", []);
    const reader = await open(disk);
    const key = sampleKey("a");
    expect(reader.get(probeOf(key), into())).toBe(false);
    expect(reader.scan().next()).toBe(false);
    expect(reader.scan(key, key).next()).toBe(false);
  }));

test("another table in its place is refused", () =>
  onSimulatedDisk(async (disk) => {
    const { checksum } = await writeSampleTable(disk, "/t", sampleRows(10));
    await writeSampleTable(disk, "/t", sampleRows(11));
    const opening = TableReader.open({ disk, path: "/t", cache: new BlockCache(0), checksum });
    await expect(opening).rejects.toMatchObject({ code: "CORRUPTION" });
  }));

test("a missing file is IO, not corruption, and is not created", () =>
  onSimulatedDisk(async (disk) => {
    await expect(open(disk)).rejects.toMatchObject({ code: "IO" });
    expect(await disk.exists("/t")).toBe(false);
  }));

test("scans leave the cache alone", () =>
  onSimulatedDisk(async (disk) => {
    await writeSampleTable(disk, "/t", sampleRows(100), SMALL_BLOCKS);
    const cache = new BlockCache(1_000_000);
    const reader = await TableReader.open({ disk, path: "/t", cache });
    const iterator = reader.scan();
    while (await iterator.next());
    expect(cache.blockCount).toBe(0);
  }));

test("a long scan reads ahead: few reads, the next one under way before it is needed", () =>
  onSimulatedDisk(async (disk, world) => {
    await writeSampleTable(disk, "/t", sampleRows(2000), SMALL_BLOCKS);
    const reader = await open(disk);
    let readCount = 0;
    world.disk("a").intercept = ({ kind }) => {
      if (kind === "read") readCount++;
      return undefined;
    };
    const iterator = reader.scan(undefined, undefined, { readAheadBytesMin: 4096, readAheadBytesMax: 16384 });
    const readsAtRow: number[] = [];
    while (await iterator.next()) readsAtRow.push(readCount);
    const dataBytes = reader.index.offset(reader.index.blockCount);
    expect(readsAtRow[0]).toBe(1);
    expect(readCount).toBeLessThan(dataBytes / 16384 + 4);
    expect(readsAtRow.at(-1)).toBe(readCount);
    expect(readsAtRow[Math.floor(readsAtRow.length / 2)]).toBeGreaterThanOrEqual(readCount / 2);
  }));

test("a scan closed while it reads ends quietly, and reads no more", () =>
  onSimulatedDisk(async (disk, world) => {
    await writeSampleTable(disk, "/t", sampleRows(100), SMALL_BLOCKS);
    const reader = await open(disk);
    let readCount = 0;
    world.disk("a").intercept = ({ kind }) => {
      if (kind === "read") readCount++;
      return undefined;
    };
    const iterator = reader.scan(undefined, undefined, { readAheadBytesMin: 1000, readAheadBytesMax: 1000 });
    const moving = iterator.next();
    iterator.close();
    expect(await moving).toBe(false);
    expect(iterator.next()).toBe(false);
    expect(readCount).toBe(1);
  }));

test(
  "whichever bit is wrong: an answer is right or an error, at every place of the file",
  { timeout: 60_000 },
  () =>
    onSimulatedDisk(async (disk, world) => {
      const rows = sampleRows(12, 60);
      const { fileBytes } = await writeSampleTable(disk, "/t", rows, SMALL_BLOCKS);
      const file = await disk.open("/t");
      const whole = await file.read(0, fileBytes);
      let refusals = 0;
      for (let offset = 0; offset < fileBytes; offset++) {
        world.disk("a").flipBit("/t", offset);
        refusals += (await isRefused(disk, rows)) ? 1 : 0;
        await file.truncate(0);
        await file.append(whole);
      }
      expect(refusals).toBe(fileBytes); // every byte matters to something that was asked
    }),
);

/** Asks everything of the table. False if all answers came and were right; fails at a wrong answer. */
async function isRefused(disk: Disk, rows: readonly Row[]): Promise<boolean> {
  let refusals = 0;
  const ask = async (question: (reader: TableReader) => Promise<void>): Promise<void> => {
    try {
      const reader = await open(disk);
      await question(reader).finally(() => reader.close());
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "CORRUPTION") throw error;
      expect(error.message).toMatch(/^\/t: offset \d+: /);
      refusals++;
    }
  };
  for (const { key, cell } of rows) {
    await ask(async (reader) => {
      const range = into();
      if (!(await reader.get(probeOf(key), range)) || !equalBytes(bytesOf(range), cell))
        throw new Error("wrong");
    });
  }
  await ask(async (reader) => {
    await reader.loadSums();
  });
  return refusals > 0;
}

test("a file cut off anywhere is refused", () =>
  onSimulatedDisk(async (disk) => {
    const { fileBytes } = await writeSampleTable(disk, "/t", sampleRows(5, 20));
    const file = await disk.open("/t");
    for (let length = fileBytes - 1; length >= 0; length--) {
      await file.truncate(length);
      await expect(open(disk)).rejects.toMatchObject({ code: "CORRUPTION" });
    }
  }));

test("a table with anything before it or between its parts is refused", () =>
  onSimulatedDisk(async (disk) => {
    const { fileBytes } = await writeSampleTable(disk, "/t", sampleRows(5, 20));
    const file = await disk.open("/t");
    const whole = await file.read(0, fileBytes);
    for (const at of [0, 100, fileBytes - 64]) {
      await file.truncate(0);
      await file.append(Uint8Array.of(...whole.subarray(0, at), 0, ...whole.subarray(at)));
      await expect(open(disk)).rejects.toThrow("the file's length is not what its footer says");
    }
  }));

test("a table of a later format is left alone: that is not corruption", () =>
  onSimulatedDisk(async (disk) => {
    const { fileBytes } = await writeSampleTable(disk, "/t", []);
    const file = await disk.open("/t");
    const bytes = Buffer.from(await file.read(0, fileBytes));
    bytes.writeUInt32LE(2, fileBytes - 16);
    bytes.writeUInt32LE(crc32(bytes.subarray(fileBytes - 64, fileBytes - 12)), fileBytes - 12);
    await file.truncate(0);
    await file.append(bytes);
    await expect(open(disk)).rejects.toMatchObject({
      code: "IO",
      message: expect.stringContaining("format 2"),
    });
  }));

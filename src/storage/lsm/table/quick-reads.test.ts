/** Gets from a disk that answers at once. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createNodejsDisk } from "../../../runtime/nodejs/disk.ts";
import { BlockCache } from "./block-cache.ts";
import { TableReader } from "./table-reader.ts";
import {
  bytesOf,
  probeOf,
  rangeOf,
  sampleCell,
  sampleKey,
  sampleRows,
  writeSampleTable,
} from "./table-samples.oracle.ts";
import { DEFAULT_TABLE_SETTINGS } from "./table-writer.ts";

const SMALL_BLOCKS = { ...DEFAULT_TABLE_SETTINGS, blockBytes: 256 };
const disk = createNodejsDisk();
let path: string;

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "kvorum-quick-reads-")), "t");
});

afterEach(() => rmSync(join(path, ".."), { recursive: true }));

const open = (cacheBytes: number): Promise<TableReader> =>
  TableReader.open({ disk, path, cache: new BlockCache(cacheBytes) });

test.each([0, 6000, 1_000_000])(
  "cells stay as they are, whatever a cache of %i bytes keeps",
  async (cacheBytes) => {
    const rows = sampleRows(200);
    await writeSampleTable(disk, path, rows, SMALL_BLOCKS);
    const reader = await open(cacheBytes);
    const found = rows.map(({ key }) => {
      const into = rangeOf(new Uint8Array(0));
      return { isThere: reader.get(probeOf(key), into), into };
    });
    const atOnce = found.filter(({ isThere }) => isThere === true);
    expect(atOnce.length).toBeGreaterThan(0); // on a busy machine the disk may look slow after some of them
    expect(await Promise.all(found.map(({ isThere }) => isThere))).toEqual(rows.map(() => true));
    expect(found.map(({ into }) => bytesOf(into))).toEqual(rows.map(({ cell }) => cell));
    await reader.close();
    expect(() => reader.get(probeOf(rows[0]!.key), rangeOf(new Uint8Array(0)))).toThrow("is closed");
  },
);

test("a damaged block is told as one that takes longer to read", async () => {
  const rows = [{ key: sampleKey("a"), cell: sampleCell("here", { wallMs: 1 }) }];
  await writeSampleTable(disk, path, rows, { ...SMALL_BLOCKS, packing: "stored" });
  let corruptCount = 0;
  const onCorruption = (): void => void corruptCount++;
  const reader = await TableReader.open({ disk, path, cache: new BlockCache(0), onCorruption });
  const bytes = readFileSync(path);
  bytes[3]! ^= 1;
  writeFileSync(path, bytes);
  const got = reader.get(probeOf(rows[0]!.key), rangeOf(new Uint8Array(0)));
  await expect(got).rejects.toMatchObject({ code: "CORRUPTION" });
  expect(corruptCount).toBe(1);
  await reader.close();
});

test("while the cache has room, a read brings the blocks around along, whole ones only", async () => {
  const rows = sampleRows(200);
  await writeSampleTable(disk, path, rows, { ...SMALL_BLOCKS, packing: "stored" });
  const cache = new BlockCache(1_000_000);
  const reader = await TableReader.open({ disk, path, cache });
  const bytes = readFileSync(path);
  bytes[reader.index.offset(2) + 5]! ^= 1;
  writeFileSync(path, bytes);
  const rowsOf = (block: number) => rows.filter(({ key }) => reader.index.find(probeOf(key)) === block);
  const into = rangeOf(new Uint8Array(0));
  expect(reader.get(probeOf(rowsOf(0)[0]!.key), into)).toBe(true);
  expect(cache.blockCount).toBe(7);
  await expect(reader.get(probeOf(rowsOf(2)[0]!.key), into)).rejects.toMatchObject({
    code: "CORRUPTION",
  });
  for (const { key, cell } of rowsOf(7)) {
    expect(reader.get(probeOf(key), into)).toBe(true);
    expect(bytesOf(into)).toEqual(cell);
  }
  expect(cache.misses).toBe(2);
  await reader.close();
});

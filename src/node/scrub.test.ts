/** A node that reads through its tables, in a simulated world. */
import { expect, test } from "vitest";
import { replacing } from "../../test/support/replacing.ts";
import { silentLogger } from "../base/logger.ts";
import type { DiskFile } from "../runtime/runtime.ts";
import { FixedTown } from "./fixed-town.oracle.ts";
import { Scrub } from "./scrub.ts";
import type { NodeSettings } from "./settings.ts";

const RATE = 64 * 1024;
const onDisk: Partial<NodeSettings> = {
  storage: "disk",
  fsync: "always",
  memtableBytes: 65_536,
  blockCacheBytes: 0,
  scrubBytesPerSecond: RATE,
};
const KEYS = Array.from({ length: 60 }, (_, i) => `key ${i}`);
const textOf = (key: string): string => `${key} ${"x".repeat(2_000)}`;
const FIRST_MS = 60_000;

async function townWithTables(seed: string, settings: Partial<NodeSettings> = {}): Promise<FixedTown> {
  const town = await FixedTown.open(seed, 3, { settings: { ...onDisk, ...settings } });
  for (const key of KEYS) await town.set(0, key, textOf(key), "all");
  await town.world.runFor(2_000);
  return town;
}

/** In the footer: whoever has the table open reads it no more. */
const FROM_END = 20;

function flipEachTable(town: FixedTown): number {
  const disk = town.world.disk("n1");
  const paths = disk.paths.filter((name) => name.endsWith(".sst"));
  for (const path of paths) disk.flipBit(path, disk.tree.files.get(path)!.length - FROM_END);
  return paths.length;
}

function wantsRecovery(town: FixedTown): { isWanted: boolean } {
  const told = { isWanted: false };
  void town.node(1).recoveryWanted!.then(() => {
    told.isWanted = true;
  });
  return told;
}

test("damage that nobody reads is found, counted once, and mended as if somebody had", async () => {
  const town = await townWithTables("rot");
  const damaged = flipEachTable(town);
  expect(damaged).toBeGreaterThan(0);
  const told = wantsRecovery(town);
  await town.world.runFor(FIRST_MS - 10_000);
  expect([told.isWanted, town.node(1).scrub!.faults]).toEqual([false, 0]);
  await town.world.runFor(60_000);
  expect(town.node(1).scrub).toMatchObject({ faults: damaged, passes: 1, isRunning: false });
  expect(told.isWanted).toBe(true);
  expect(town.node(0).scrub).toMatchObject({ faults: 0, passes: 1 });
  expect(town.node(1).disk!.engine.statistics.corruptReads).toBe(0);
}, 120_000);

test("it reads no faster than it may, and all of the tables", async () => {
  const town = await townWithTables("pace", { scrubBytesPerSecond: 8 * 1024 });
  await town.world.runFor(FIRST_MS);
  const { tableBytes } = town.node(1).disk!.engine.statistics;
  const before = town.node(1).scrub!;
  await town.world.runFor(5_000);
  const { bytes, isRunning } = town.node(1).scrub!;
  expect(isRunning).toBe(true);
  expect(bytes - before.bytes).toBeLessThan(8 * 1024 * 5 + 64 * 1024);
  await town.world.runFor(300_000);
  const over = town.node(1).scrub!;
  expect(over).toMatchObject({ isRunning: false, passes: 1, faults: 0 });
  expect(over.lastPassTookMs).toBeGreaterThan((1_000 * over.bytes) / (8 * 1024) - 1_000);
  expect(over.bytes).toBeGreaterThan(0.5 * tableBytes);
}, 120_000);

/** Of another reader of node 1's tables, whose first read of data comes with a bit flipped; what it found. */
async function readWrongOnce(
  town: FixedTown,
): Promise<{ damages: number; warnings: string[]; faults: number }> {
  const { clock, disk } = town.world.runtime("n1");
  const warnings: string[] = [];
  let damages = 0;
  let isWrong = true;
  const wrongly = (file: DiskFile): DiskFile =>
    replacing(file, {
      read: async (offset: number, length: number) => {
        const bytes = (await file.read(offset, length)).slice();
        if (isWrong && offset === 0 && length > 1_000) {
          bytes[10]! ^= 1;
          isWrong = false;
        }
        return bytes;
      },
    });
  const scrub = new Scrub({
    clock,
    disk: replacing(disk, { open: async (path, options) => wrongly(await disk.open(path, options)) }),
    directory: "/data/tables",
    bytesPerSecond: RATE,
    flush: () => Promise.resolve(),
    onDamage: () => void damages++,
    logger: { ...silentLogger, warn: (_, text) => void warnings.push(text) },
  });
  await town.world.runFor(2 * FIRST_MS);
  await town.world.runUntil(scrub.close());
  expect([isWrong, scrub.progress.passes]).toEqual([false, 1]);
  return { damages, warnings, faults: scrub.progress.faults };
}

test("a read that goes wrong by itself is told, and no damage", async () => {
  const town = await townWithTables("glitch");
  expect(await readWrongOnce(town)).toEqual({
    damages: 0,
    warnings: ["a table was read wrongly once: mistrust its disk"],
    faults: 0,
  });
}, 120_000);

test("at rate 0 nothing is read", async () => {
  const town = await townWithTables("off", { scrubBytesPerSecond: 0 });
  await town.world.runFor(2 * FIRST_MS);
  expect(town.node(1).scrub).toMatchObject({ bytes: 0, passes: 0 });
}, 120_000);

test("rows of a log are in tables once a pass has begun", async () => {
  const town = await FixedTown.open("log", 3, { settings: { ...onDisk, memtableBytes: 1024 * 1024 } });
  await town.set(0, "k", "v", "all");
  expect(town.node(1).disk!.engine.statistics.tableCount).toBe(0);
  await town.world.runFor(FIRST_MS + 5_000);
  expect(town.node(1).disk!.engine.statistics.tableCount).toBeGreaterThan(0);
  expect(town.node(1).scrub!.bytes).toBeGreaterThan(0);
}, 120_000);

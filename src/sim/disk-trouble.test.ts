import { expect, test } from "vitest";
import type { DiskFile } from "../runtime/runtime.ts";
import { SimWorld } from "./sim-runtime.ts";

interface Setting {
  readonly world: SimWorld;
  readonly file: DiskFile;
}

async function withFile(content: Uint8Array, seed = 1): Promise<Setting> {
  const world = new SimWorld(seed);
  const file = await world.runUntil(world.runtime("a").disk.open("/log"));
  await world.runUntil(file.append(content));
  return { world, file };
}

async function tookMs(world: SimWorld, work: () => Promise<unknown>): Promise<number> {
  const before = world.nowMs;
  await world.runUntil(work());
  return world.nowMs - before;
}

test("a slow disk takes its time for everything, a sound one no longer", async () => {
  const { world, file } = await withFile(new Uint8Array(10));
  world.slowDisk("a", 1_000);
  expect(await tookMs(world, () => file.sync())).toBeGreaterThan(290);
  expect(await tookMs(world, () => file.read(0, 10))).toBeGreaterThan(19);
  expect(await tookMs(world, () => world.runtime("a").disk.list("/"))).toBeGreaterThan(9);
  world.mendDisk("a");
  expect(await tookMs(world, () => file.sync())).toBeLessThan(4);
});

test("a disk that hangs does everything later, in order", async () => {
  const { world, file } = await withFile(new Uint8Array(0));
  world.hangDisk("a", 5_000);
  const log: string[] = [];
  void file.append(Uint8Array.of(1)).then(() => log.push(`append ${Math.floor(world.nowMs / 1_000)}`));
  void file.sync().then(() => log.push(`sync ${Math.floor(world.nowMs / 1_000)}`));
  await world.runFor(4_900);
  expect(log).toEqual([]);
  await world.runFor(200);
  expect(log).toEqual(["append 5", "sync 5"]);
});

test("a process that waits for a hanging disk without letting go stands still with it", async () => {
  const { world, file } = await withFile(new Uint8Array(0));
  let ticks = 0;
  world.runtime("a").clock.every(100, () => ticks++);
  world.hangDisk("a", 5_000);
  file.appendSync(Uint8Array.of(1));
  await world.runFor(4_900);
  expect(ticks).toBe(0);
  await world.runFor(1_000);
  expect(ticks).toBeGreaterThan(5);
});

test("steps fail as often as told, each kind by itself, and have no effect then", async () => {
  const { world, file } = await withFile(new Uint8Array(100));
  world.breakDisk("a", { writeErrorOneIn: 4 });
  let failures = 0;
  for (let i = 0; i < 200; i++) {
    const outcome = await world.runUntil(file.append(Uint8Array.of(1)).catch((cause: unknown) => cause));
    if (outcome !== undefined) expect(outcome).toMatchObject({ code: "IO", cause: { code: "EIO" } });
    if (outcome !== undefined) failures++;
    await world.runUntil(Promise.all([file.sync(), file.read(0, 1)]));
  }
  expect(failures).toBeGreaterThan(25);
  expect(failures).toBeLessThan(80);
  expect(world.disk("a").usedBytes).toBe(300 - failures);
  world.breakDisk("a", { syncErrorOneIn: 1 });
  await world.runUntil(file.read(0, 1));
  await expect(world.runUntil(file.sync())).rejects.toMatchObject({ outcome: "unknown" });
  world.breakDisk("a", { readErrorOneIn: 1 });
  await world.runUntil(file.sync());
  expect(() => file.readSync(0, 1)).toThrow();
});

test("a read may be wrong by a bit and right the next time, however it is asked for", async () => {
  const { world, file } = await withFile(new Uint8Array(100));
  world.breakDisk("a", { flippedReadOneIn: 2 });
  let wrong = 0;
  for (let i = 0; i < 100; i++) {
    const [later, now] = [await world.runUntil(file.read(0, 100)), file.readSync(0, 100)];
    for (const bytes of [later, now]) {
      const ones = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
      expect([0, 1]).toContain(ones);
      wrong += ones;
    }
  }
  expect(wrong).toBeGreaterThan(60);
  expect(wrong).toBeLessThan(140);
  world.mendDisk("a");
  expect(await world.runUntil(file.read(0, 100))).toEqual(new Uint8Array(100));
});

test("rot stays, and only where it is meant to be", async () => {
  const { world, file } = await withFile(new Uint8Array(100));
  const other = await world.runUntil(world.runtime("a").disk.open("/other"));
  await world.runUntil(other.append(new Uint8Array(100)));
  world.rotDisk("a", (path) => path === "/other");
  world.mendDisk("a");
  expect((await world.runUntil(file.read(0, 100))).some((byte) => byte !== 0)).toBe(false);
  expect((await world.runUntil(other.read(0, 100))).filter((byte) => byte !== 0).length).toBe(1);
});

test("a filled disk takes so many bytes more, and any once it is mended", async () => {
  const { world, file } = await withFile(new Uint8Array(100));
  world.fillDisk("a", 10);
  await world.runUntil(file.append(new Uint8Array(10)));
  await expect(world.runUntil(file.append(new Uint8Array(1)))).rejects.toMatchObject({
    cause: { code: "ENOSPC" },
  });
  world.mendDisk("a");
  await world.runUntil(file.append(new Uint8Array(1)));
});

test("a wiped host comes back with nothing, as a new life", async () => {
  const { world } = await withFile(new Uint8Array(100));
  const before = world.runtime("a");
  world.wipe("a");
  expect(world.runtime("a")).not.toBe(before);
  expect(await world.runUntil(world.runtime("a").disk.list("/"))).toEqual([]);
});

import { expect, test } from "vitest";
import { utf8 } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { Manifest } from "./manifest.ts";
import { RECORD_HEADER_BYTES } from "./manifest-format.ts";
import { recoverVersion } from "./manifest-recovery.ts";
import type { VersionEdit } from "./version.ts";
import { keyAt, layoutOf, sampleTable } from "./version-samples.oracle.ts";

const directory = "/d";

async function openManifest(disk: Disk, editBytesMin?: number): Promise<Manifest> {
  await disk.makeDirectory(`${directory}/tables`);
  return Manifest.open({ disk, directory, ...(editBytesMin === undefined ? {} : { editBytesMin }) });
}

/** Each removes the table before and adds one, so that half an edit would show. */
function nthEdit(n: number): VersionEdit {
  const added = [sampleTable(n, n % 3, keyAt(0), keyAt(9))];
  return n === 1 ? { added } : { added, removed: [n - 1], flushedLog: n };
}

/** The number of the only table, 0 if there is none; checks that the rest of the version fits it. */
async function tableLeft(disk: Disk): Promise<number> {
  const { version } = await recoverVersion(disk, directory);
  const numbers = version.tables.map(({ number }) => number);
  expect(numbers.length).toBeLessThanOrEqual(1);
  const number = numbers[0] ?? 0;
  if (number > 1) expect(version.flushedLog).toBe(number);
  return number;
}

test("what was committed is there after a crash", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const world = new SimWorld(seed);
    const commit = async (): Promise<void> => {
      const manifest = await openManifest(world.runtime("a").disk);
      for (let n = 1; n <= 5; n++) await manifest.commit(nthEdit(n));
    };
    await world.runUntil(commit());
    world.crash("a");
    const manifest = await world.runUntil(openManifest(world.runtime("a").disk));
    expect(layoutOf(manifest.version).flat()).toEqual([5]);
    expect(manifest.takeFileNumbers()).toBe(6);
  }
});

test("a crash at any step leaves the version before or after, never half of one", async () => {
  const outcomes = new Set<string>();
  for (let step = 1; step <= 90; step++) {
    for (const leavesHoles of [false, true]) {
      const world = new SimWorld(`${step} ${leavesHoles}`);
      const { disk } = world.runtime("a");
      world.disk("a").leavesHoles = leavesHoles;
      let acknowledged = 0;
      let begun = 0;
      let countdown = step;
      world.disk("a").intercept = () => {
        if (--countdown === 0) world.crash("a");
        return undefined;
      };
      const commit = async (): Promise<void> => {
        const manifest = await openManifest(disk, 400);
        for (let n = 1; n <= 12; n++) {
          begun = n;
          await manifest.commit(nthEdit(n));
          acknowledged = n;
        }
      };
      void commit();
      await world.runFor(10_000);
      world.disk("a").intercept = undefined;
      const left = await world.runUntil(tableLeft(world.runtime("a").disk));
      expect([acknowledged, begun]).toContain(left);
      outcomes.add(left === acknowledged ? "before" : "after");
      const manifest = await world.runUntil(openManifest(world.runtime("a").disk));
      await world.runUntil(manifest.commit({ removed: left === 0 ? [] : [left] }));
      expect(await world.runUntil(tableLeft(world.runtime("a").disk))).toBe(0);
    }
  }
  expect(outcomes).toEqual(new Set(["before", "after"]));
});

test("edits asked for at once are written one after another", async () => {
  const world = new SimWorld(3);
  const manifest = await world.runUntil(openManifest(world.runtime("a").disk));
  const told: number[] = [];
  const commits = [1, 2, 3, 4].map((n) =>
    manifest.commit(nthEdit(n), (version) => told.push(version.tables[0]!.number)),
  );
  await world.runUntil(Promise.all(commits));
  expect(told).toEqual([1, 2, 3, 4]);
  expect(await world.runUntil(tableLeft(world.runtime("a").disk))).toBe(4);
});

test("a long manifest is replaced by a short one, and the old ones go", async () => {
  const world = new SimWorld(3);
  const { disk } = world.runtime("a");
  const manifest = await world.runUntil(openManifest(disk, 1000));
  for (let n = 1; n <= 100; n++) await world.runUntil(manifest.commit(nthEdit(n)));
  const names = (await world.runUntil(disk.list(directory))).filter((name) => name.startsWith("MANIFEST"));
  expect(names).toHaveLength(1);
  expect(names).not.toEqual(["MANIFEST-000001"]);
  const file = await world.runUntil(disk.open(`${directory}/${names[0]}`));
  expect(await world.runUntil(file.sizeBytes())).toBeLessThan(1500);
  expect(await world.runUntil(tableLeft(disk))).toBe(100);
});

test.each([
  ["append", 1_000_000],
  ["sync", 1_000_000],
  ...["append", "sync", "open", "syncDirectory", "name"].map((kind): [string, number] => [kind, 1]),
])(
  "a commit whose %s fails is told as unknown, and the next one counts (new file after %i bytes)",
  async (kind, editBytesMin) => {
    const world = new SimWorld(3);
    const { disk } = world.runtime("a");
    const manifest = await world.runUntil(openManifest(disk, editBytesMin));
    await world.runUntil(manifest.commit(nthEdit(1)));
    world.disk("a").intercept = (step) => (step.kind === kind ? "EIO" : undefined);
    for (let attempt = 0; attempt < 3; attempt++) {
      const failure = { code: "IO", outcome: "unknown", cause: { code: "EIO" } };
      await expect(world.runUntil(manifest.commit(nthEdit(2)))).rejects.toMatchObject(failure);
      expect(layoutOf(manifest.version).flat()).toEqual([1]);
    }
    world.disk("a").intercept = undefined;
    await world.runUntil(manifest.commit(nthEdit(2)));
    await world.runUntil(manifest.commit(nthEdit(3)));
    world.crash("a");
    expect(await world.runUntil(tableLeft(world.runtime("a").disk))).toBe(3);
  },
);

test("after the close, commits are refused", async () => {
  const world = new SimWorld(3);
  const manifest = await world.runUntil(openManifest(world.runtime("a").disk));
  const last = manifest.commit(nthEdit(1));
  await world.runUntil(manifest.close());
  expect(layoutOf(await last).flat()).toEqual([1]);
  await expect(manifest.commit(nthEdit(2))).rejects.toMatchObject({ code: "CLOSED" });
});

/** Three edits, and where the records begin in the file. */
async function threeEdits(world: SimWorld): Promise<{ path: string; ends: number[] }> {
  const { disk } = world.runtime("a");
  const manifest = await openManifest(disk);
  const path = `${directory}/MANIFEST-000001`;
  const ends: number[] = [];
  for (let n = 1; n <= 3; n++) {
    await manifest.commit(nthEdit(n));
    const file = await disk.open(path);
    ends.push(await file.sizeBytes());
  }
  await manifest.close();
  return { path, ends };
}

test("a bit that flipped is found, with file and offset, in all but the last record", async () => {
  for (let seed = 0; seed < 100; seed++) {
    const world = new SimWorld(seed);
    const { path, ends } = await world.runUntil(threeEdits(world));
    const offset = world.random("flip").below(ends[1]!);
    world.disk("a").flipBit(path, offset);
    const recovery = world.runUntil(recoverVersion(world.runtime("a").disk, directory));
    const error: StoreError = await recovery.then(
      () => expect.unreachable(`bit flip at ${offset}`),
      (cause) => cause,
    );
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toContain(path);
    expect(error.message).toMatch(/offset \d+|format/);
  }
});

const VOUCHER_BYTES = RECORD_HEADER_BYTES;

test("damage to the last edit is found, for a record after it vouches for it", async () => {
  const world = new SimWorld(1);
  const { path, ends } = await world.runUntil(threeEdits(world));
  world.disk("a").flipBit(path, ends[2]! - VOUCHER_BYTES - 5);
  const recovery = world.runUntil(recoverVersion(world.runtime("a").disk, directory));
  await expect(recovery).rejects.toMatchObject({ code: "CORRUPTION" });
});

test("damage to what vouches for the last edit does no harm", async () => {
  const world = new SimWorld(1);
  const { path, ends } = await world.runUntil(threeEdits(world));
  world.disk("a").flipBit(path, ends[2]! - 5);
  const { version, cutBytes } = await world.runUntil(recoverVersion(world.runtime("a").disk, directory));
  expect(layoutOf(version).flat()).toEqual([3]);
  expect(cutBytes).toBe(0);
});

test("half an edit at the end is cut, and told", async () => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  const { path, ends } = await world.runUntil(threeEdits(world));
  const file = await world.runUntil(disk.open(path));
  await world.runUntil(file.truncate(ends[2]! - VOUCHER_BYTES - 5));
  const { version, cutBytes } = await world.runUntil(recoverVersion(disk, directory));
  expect(layoutOf(version).flat()).toEqual([2]);
  expect(cutBytes).toBe(ends[2]! - VOUCHER_BYTES - 5 - ends[1]!);
});

test.each([
  ["CURRENT is damaged", "/d/CURRENT", "it does not name a manifest"],
  ["the manifest is missing", "/d/MANIFEST-000001", "missing"],
])("%s", async (_, path, message) => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  await world.runUntil(threeEdits(world));
  if (path.endsWith("CURRENT")) world.disk("a").flipBit(path, 3);
  else await world.runUntil(disk.remove(path));
  await expect(world.runUntil(recoverVersion(disk, directory))).rejects.toThrow(message);
});

test("a directory with tables but without CURRENT is not taken for a new one", async () => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  await world.runUntil(disk.makeDirectory("/d/tables"));
  const file = await world.runUntil(disk.open("/d/tables/000004.sst"));
  await world.runUntil(file.append(utf8("x")));
  await expect(world.runUntil(recoverVersion(disk, directory))).rejects.toMatchObject({ code: "CORRUPTION" });
});

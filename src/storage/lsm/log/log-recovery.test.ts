import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { encodeSegmentHeader, LOG_VERSION, SEGMENT_HEADER_BYTES } from "./log-format.ts";
import type { RecoveredLog } from "./log-recovery.ts";
import { DIRECTORY, recoverSmallLog, rowsOf, SmallLog, type SmallLogSettings } from "./small-log.oracle.ts";

const path = (number: number): string => `${DIRECTORY}/00000${number}.log`;

/** A world with a log of rows "a 0".."a 4" in file 1, "b 0".. in file 2, and so on; each row is a durable batch. */
async function worldWithFiles(
  letters: string,
  { close = false, seed = 1 } = {},
): Promise<{ world: SimWorld; ends: number[][] }> {
  const world = new SimWorld(seed);
  const log = await world.runUntil(SmallLog.open(world.runtime("a"), { policy: "always" }));
  const ends: number[][] = [];
  for (const letter of letters) {
    if (letter !== "a") log.rotate();
    const fileEnds = [SEGMENT_HEADER_BYTES];
    for (let i = 0; i < 5; i++) {
      await world.runUntil(log.putDurably(`${letter} ${i}`, `value ${i}`));
      fileEnds.push(log.memtables.at(-1)!.segment.sealedBytes);
    }
    ends.push(fileEnds);
  }
  if (close) await world.runUntil(log.writer.close());
  world.kill("a");
  return { world, ends };
}

function recover(world: SimWorld, settings: Partial<SmallLogSettings> = {}): Promise<RecoveredLog> {
  return world.runUntil(recoverSmallLog(world.runtime("a"), settings));
}

function keysOf(log: RecoveredLog): string {
  return [...rowsOf(log.memtables).keys()].sort().join();
}

function rows(letter: string, numbers: number[] = [0, 1, 2, 3, 4]): string {
  return numbers.map((number) => `${letter} ${number}`).join();
}

async function overwrite(
  world: SimWorld,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const { disk } = world.runtime("a");
  const act = async (): Promise<void> => {
    const file = await disk.open(name);
    const bytes = change(await file.read(0, await file.sizeBytes()));
    await file.truncate(0);
    await file.append(bytes);
    await file.sync();
  };
  await world.runUntil(act());
}

describe("files that are whole", () => {
  test("become memtables, oldest first; the newest has room for more", async () => {
    const { world } = await worldWithFiles("abc");
    const log = await recover(world);
    expect(keysOf(log)).toBe([rows("a"), rows("b"), rows("c")].join());
    expect(log.memtables.map(({ segment }) => segment.number)).toEqual([1, 2, 3]);
    expect(log).toMatchObject({ nextNumber: 4, tornBytes: 0, damage: [] });
    expect(log.memtables[2]!.segment.fits(100, 50_000)).toBe(true);
  });

  test("are as good after rows were added by one process after another", async () => {
    const { world } = await worldWithFiles("a", { close: true });
    for (const key of ["x", "y", "z"]) {
      const log = await world.runUntil(SmallLog.open(world.runtime("a"), { policy: "everysec" }));
      log.put(key, "1");
      log.put("a 0", key);
      await world.runUntil(log.writer.close());
      world.crash("a");
    }
    const log = await recover(world);
    expect(keysOf(log)).toBe(`${rows("a")},x,y,z`);
    expect(rowsOf(log.memtables).get("a 0")).toBe("z");
    expect(log.memtables).toHaveLength(1);
  });

  test("are removed if their rows are elsewhere, as are drafts", async () => {
    const { world } = await worldWithFiles("abc");
    await world.runUntil(
      world
        .runtime("a")
        .disk.open(`${path(3)}.new`)
        .then((file) => file.close()),
    );
    expect(keysOf(await recover(world, { firstNumber: 3 }))).toBe(rows("c"));
    expect(world.disk("a").paths).toEqual([path(3)]);
  });

  test("are durable once they were read, even if they were not before", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = new SimWorld(seed);
      const log = await world.runUntil(SmallLog.open(world.runtime("a"), { policy: "no" }));
      log.put("a 0", "1");
      await world.runFor(100);
      world.kill("a");
      expect(keysOf(await recover(world))).toBe("a 0");
      world.crash("a");
      expect(keysOf(await recover(world))).toBe("a 0");
    }
  });

  test("of no files nothing comes, and the numbers go on from the first that counts", async () => {
    const world = new SimWorld(1);
    await world.runUntil(world.runtime("a").disk.makeDirectory(DIRECTORY));
    expect(await recover(world, { firstNumber: 9 })).toEqual({
      memtables: [],
      nextNumber: 9,
      tornBytes: 0,
      damage: [],
    });
  });
});

describe("a torn tail", () => {
  test("is cut off, wherever it was torn, and rows are added after what is whole", async () => {
    const { ends } = await worldWithFiles("a");
    for (let cut = ends[0]![3]!; cut < ends[0]![4]!; cut++) {
      const { world } = await worldWithFiles("a");
      await overwrite(world, path(1), (bytes) => bytes.slice(0, cut));
      const log = await world.runUntil(SmallLog.open(world.runtime("a"), { policy: "always" }));
      expect(keysOf(log.recovered)).toBe(rows("a", [0, 1, 2]));
      expect(log.recovered.tornBytes).toBe(cut - ends[0]![3]!);
      await world.runUntil(log.putDurably("next", "1"));
      world.crash("a");
      expect(keysOf(await recover(world))).toBe(`${rows("a", [0, 1, 2])},next`);
    }
  });

  test("is cut off for good: the file is whole when it is not the newest any more", async () => {
    const { world, ends } = await worldWithFiles("a");
    await overwrite(world, path(1), (bytes) => bytes.slice(0, ends[0]![4]! + 10));
    const log = await world.runUntil(SmallLog.open(world.runtime("a"), { policy: "always" }));
    log.rotate();
    await world.runUntil(log.putDurably("b 0", "1"));
    world.crash("a");
    expect(keysOf(await recover(world))).toBe(`${rows("a", [0, 1, 2, 3])},b 0`);
  });

  test("of zeros is none, for they may have been written ahead, and is cut off", async () => {
    for (const zeroCount of [500, 501, 3]) {
      const { world, ends } = await worldWithFiles("a");
      const wholeBytes = ends[0]!.at(-1)!;
      await overwrite(world, path(1), (bytes) => {
        return Uint8Array.of(...bytes.slice(0, wholeBytes), ...new Uint8Array(zeroCount));
      });
      const log = await recover(world);
      expect(keysOf(log)).toBe(rows("a"));
      expect(log.tornBytes).toBe(0);
      expect(world.disk("a").tree.open(path(1), false).length).toBe(wholeBytes);
    }
  });

  test("of zeros and something else is one", async () => {
    const { world, ends } = await worldWithFiles("a");
    const whole = (bytes: Uint8Array): Uint8Array => bytes.slice(0, ends[0]!.at(-1)!);
    await overwrite(world, path(1), (bytes) => Uint8Array.of(...whole(bytes), ...new Uint8Array(500), 1));
    const log = await recover(world);
    expect(keysOf(log)).toBe(rows("a"));
    expect(log.tornBytes).toBe(501);
  });

  test("of zeros is damage where the file is not the newest", async () => {
    const { world } = await worldWithFiles("ab");
    await overwrite(world, path(1), (bytes) => Uint8Array.of(...bytes, ...new Uint8Array(500)));
    await expect(recover(world)).rejects.toMatchObject({ code: "CORRUPTION" });
  });

  test("may be a whole file, which is then removed", async () => {
    const { world } = await worldWithFiles("ab");
    await overwrite(world, path(2), (bytes) => bytes.slice(0, 60));
    const log = await recover(world);
    expect(keysOf(log)).toBe(rows("a"));
    expect(log.nextNumber).toBe(2);
    expect(world.disk("a").paths).toEqual([path(1)]);
  });

  test("may have a later part and lack an earlier one", async () => {
    const world = new SimWorld(1);
    const log = await world.runUntil(SmallLog.open(world.runtime("a"), { policy: "no" }));
    const ends: number[] = [];
    for (let i = 0; i < 4; i++) {
      log.put(`a ${i}`, "1");
      await world.runFor(20);
      ends.push(log.memtables[0]!.segment.sealedBytes);
    }
    world.kill("a");
    await overwrite(world, path(1), (bytes) => bytes.fill(0, ends[1], ends[2]));
    expect(keysOf(await recover(world))).toBe(rows("a", [0, 1]));
  });
});

describe("damage", () => {
  test("before a batch that vouches for it stops the start, wherever it is", async () => {
    const { ends } = await worldWithFiles("a");
    for (let at = 0; at < ends[0]![4]!; at++) {
      const { world } = await worldWithFiles("a");
      world.disk("a").flipBit(path(1), at);
      const whole = ends[0]!.findLast((end) => end <= at) ?? 0;
      await expect(recover(world)).rejects.toMatchObject({
        code: "CORRUPTION",
        message: expect.stringContaining(`${path(1)}: offset ${whole}: `),
      });
    }
  });

  test("in a file that was closed in order stops the start, even in its last batch", async () => {
    const { world, ends } = await worldWithFiles("a", { close: true });
    world.disk("a").flipBit(path(1), ends[0]![4]! + 10);
    await expect(recover(world)).rejects.toMatchObject({ code: "CORRUPTION" });
  });

  test("in a file that is not the newest stops the start, even at its end", async () => {
    for (const change of [
      (bytes: Uint8Array) => bytes.slice(0, -1),
      (bytes: Uint8Array) => bytes.slice(0, 0),
    ]) {
      const { world } = await worldWithFiles("ab");
      await overwrite(world, path(1), change);
      await expect(recover(world)).rejects.toMatchObject({ code: "CORRUPTION" });
    }
  });

  test("is a file that is missing, too", async () => {
    const { world } = await worldWithFiles("abc");
    await world.runUntil(world.runtime("a").disk.remove(path(2)));
    await expect(recover(world)).rejects.toThrow(`${path(2)}: offset 0: the file is missing`);
    const log = await recover(world, { recover: true });
    expect(keysOf(log)).toBe([rows("a"), rows("c")].join());
    expect(log.damage).toMatchObject([{ path: path(2) }]);
  });

  test("is a file under another's name, too", async () => {
    const { world } = await worldWithFiles("ab");
    await world.runUntil(world.runtime("a").disk.rename(path(1), path(2)));
    await expect(recover(world, { firstNumber: 2 })).rejects.toThrow("this is the file of segment 1");
  });

  test("of a version to come is not touched, even to recover", async () => {
    const { world } = await worldWithFiles("a");
    await overwrite(world, path(1), (bytes) => {
      bytes.set(encodeSegmentHeader(1, 0));
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      view.setUint32(8, LOG_VERSION + 1, true);
      view.setUint32(28, crc32(bytes.slice(0, 28)), true);
      return bytes;
    });
    await expect(recover(world, { recover: true })).rejects.toThrow(
      "format 2 was made by a newer version of Kvorum",
    );
  });
});

describe("to recover", () => {
  test("gives the rows of the batches that are whole, and leaves the damaged file as it is", async () => {
    const { ends } = await worldWithFiles("a");
    for (let seed = 0; seed < 40; seed++) {
      const lost = seed % 4;
      const { world } = await worldWithFiles("ab", { seed });
      world.disk("a").flipBit(path(1), ends[0]![lost]! + 30);
      const log = await recover(world, { recover: true });
      const kept = rows(
        "a",
        [0, 1, 2, 3, 4].filter((number) => number !== lost),
      );
      expect(keysOf(log)).toBe([kept, rows("b")].join());
      expect(log.damage).toEqual([{ path: path(1), offset: ends[0]![lost]!, what: "a batch is damaged" }]);
      await expect(recover(world)).rejects.toMatchObject({ code: "CORRUPTION" });
    }
  });

  test("finds the batches of a file without its header", async () => {
    const { world } = await worldWithFiles("a");
    await overwrite(world, path(1), (bytes) => bytes.fill(0, 0, SEGMENT_HEADER_BYTES));
    const log = await recover(world, { recover: true });
    expect(keysOf(log)).toBe(rows("a"));
    expect(log.damage).toMatchObject([{ offset: 0, what: "the header is damaged" }]);
  });
});

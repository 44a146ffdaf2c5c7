import { describe, expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import { testDisk } from "../runtime/disk.contract.ts";
import type { Disk } from "../runtime/runtime.ts";
import { SimWorld } from "./sim-runtime.ts";

testDisk("sim disk", (body) => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  return world.runUntil(disk.makeDirectory("/data").then(() => body(disk, "/data")));
});

/** Runs `body` in a fresh world for each of many seeds. */
async function forSeeds(count: number, body: (world: SimWorld, disk: Disk) => Promise<void>): Promise<void> {
  for (let seed = 0; seed < count; seed++) {
    const world = new SimWorld(seed);
    await body(world, world.runtime("a").disk);
  }
}

async function contentOf(world: SimWorld, path: string): Promise<string | undefined> {
  const { disk } = world.runtime("a");
  const read = async (): Promise<string | undefined> => {
    if (!(await disk.exists(path))) return undefined;
    const file = await disk.open(path);
    return toText(await file.read(0, 1_000));
  };
  return world.runUntil(read());
}

describe("a crash", () => {
  test("keeps what was synced, name and bytes, and perhaps a prefix of the rest", async () => {
    const tails = new Set<string>();
    await forSeeds(60, async (world, disk) => {
      const write = async (): Promise<void> => {
        const file = await disk.open("/log");
        await file.append(utf8("safe"));
        await file.sync();
        await disk.syncDirectory("/");
        await file.append(utf8("ab"));
        await file.append(utf8("cd"));
      };
      await world.runUntil(write());
      world.crash("a");
      const content = (await contentOf(world, "/log"))!;
      expect("safeabcd".startsWith(content) && content.startsWith("safe")).toBe(true);
      tails.add(content.slice(4));
    });
    expect([...tails].sort()).toEqual(["", "a", "ab", "abc", "abcd"]);
  });

  test("may lose a file whose directory was not synced, though its bytes were", async () => {
    const contents = new Set<string | undefined>();
    await forSeeds(20, async (world, disk) => {
      const write = async (): Promise<void> => {
        const file = await disk.open("/log");
        await file.append(utf8("safe"));
        await file.sync();
      };
      await world.runUntil(write());
      world.crash("a");
      contents.add(await contentOf(world, "/log"));
    });
    expect(contents).toEqual(new Set(["safe", undefined]));
  });

  test("that brings a removed file back brings back no more than it would have kept", async () => {
    const contents = new Set<string | undefined>();
    await forSeeds(60, async (world, disk) => {
      const write = async (): Promise<void> => {
        const file = await disk.open("/log");
        await disk.syncDirectory("/");
        await file.append(utf8("ab"));
        await disk.remove("/log");
      };
      await world.runUntil(write());
      world.crash("a");
      contents.add(await contentOf(world, "/log"));
    });
    expect(contents).toEqual(new Set(["", "a", "ab", undefined]));
  });

  test("in a sync that has not resolved may lose what it was to save", async () => {
    const contents = new Set<string | undefined>();
    await forSeeds(60, async (world, disk) => {
      const file = await world.runUntil(disk.open("/log"));
      await world.runUntil(disk.syncDirectory("/"));
      void file.append(utf8("ab"));
      void file.sync().then(() => expect.unreachable());
      world.crash("a");
      contents.add(await contentOf(world, "/log"));
      await world.runFor(1_000);
    });
    expect(contents).toEqual(new Set(["", "a", "ab"]));
  });

  test("ends the process: nothing it waited for settles, nothing it begins happens", async () => {
    await forSeeds(5, async (world, disk) => {
      const file = await world.runUntil(disk.open("/log"));
      await world.runUntil(disk.syncDirectory("/"));
      const log: string[] = [];
      void file.append(utf8("x")).finally(() => log.push("append"));
      world.crash("a");
      void file.append(utf8("posthumous")).finally(() => log.push("append"));
      void disk.remove("/log").finally(() => log.push("remove"));
      await world.runFor(1_000);
      expect(log).toEqual([]);
      expect(["", "x"]).toContain(await contentOf(world, "/log"));
    });
  });

  test("can be had at every sync point", async () => {
    const seen: (string | undefined)[] = [];
    for (let point = 1; point <= 4; point++) {
      const world = new SimWorld(5);
      const { disk } = world.runtime("a");
      let countdown = point;
      world.disk("a").intercept = ({ kind }) => {
        if ((kind === "sync" || kind === "syncDirectory") && --countdown === 0) world.crash("a");
        return undefined;
      };
      const write = async (): Promise<void> => {
        const file = await disk.open("/log");
        await disk.syncDirectory("/");
        for (const text of ["a", "b"]) {
          await file.append(utf8(text));
          await file.sync();
        }
      };
      void write();
      await world.runFor(1_000);
      expect(world.disk("a").syncCount).toBe(Math.min(point, 3));
      seen.push(await contentOf(world, "/log"));
    }
    expect([undefined, ""]).toContain(seen[0]);
    expect(["", "a"]).toContain(seen[1]);
    expect(["a", "ab"]).toContain(seen[2]);
    expect(seen[3]).toBe("ab");
  });
});

test("a kill of the process loses nothing that was written", async () => {
  await forSeeds(10, async (world, disk) => {
    const file = await world.runUntil(disk.open("/log"));
    await world.runUntil(file.append(utf8("kept")));
    world.kill("a");
    expect(await contentOf(world, "/log")).toBe("kept");
  });
});

describe("faults", () => {
  test("a full disk refuses what adds bytes, until there is room", async () => {
    const world = new SimWorld(1);
    const { disk } = world.runtime("a");
    const file = await world.runUntil(disk.open("/log"));
    await world.runUntil(file.append(utf8("12345")));
    world.disk("a").capacityBytes = 8;
    await expect(world.runUntil(file.append(utf8("6789")))).rejects.toMatchObject({
      code: "IO",
      outcome: "not-applied",
      cause: { code: "ENOSPC" },
    });
    await world.runUntil(file.append(utf8("678")));
    await world.runUntil(file.truncate(0));
    await world.runUntil(file.append(utf8("again")));
    expect(await contentOf(world, "/log")).toBe("again");
  });

  test("a step can be made to fail, by its kind and path", async () => {
    const world = new SimWorld(1);
    const { disk } = world.runtime("a");
    const file = await world.runUntil(disk.open("/log"));
    world.disk("a").intercept = ({ kind, path }) => (kind === "read" && path === "/log" ? "EIO" : undefined);
    await expect(world.runUntil(file.read(0, 1))).rejects.toMatchObject({ cause: { code: "EIO" } });
    world.disk("a").intercept = ({ kind }) => (kind === "sync" ? "EIO" : undefined);
    await expect(world.runUntil(file.sync())).rejects.toMatchObject({ outcome: "unknown" });
    world.disk("a").intercept = undefined;
    await world.runUntil(file.sync());
  });

  test("rot changes one bit, for good", async () => {
    const world = new SimWorld(1);
    const { disk } = world.runtime("a");
    const file = await world.runUntil(disk.open("/log"));
    await world.runUntil(file.append(new Uint8Array(100)));
    world.disk("a").flipBit("/log");
    const bytes = await world.runUntil(file.read(0, 100));
    expect(bytes.filter((byte) => byte !== 0).length).toBe(1);
    world.disk("a").flipBit("/log", 7);
    expect((await world.runUntil(file.read(7, 1)))[0]).not.toBe(0);
  });

  test("a wiped disk is empty", async () => {
    const world = new SimWorld(1);
    await world.runUntil(world.runtime("a").disk.open("/log"));
    world.kill("a");
    world.disk("a").wipe();
    expect(await world.runUntil(world.runtime("a").disk.list("/"))).toEqual([]);
    expect(world.disk("a").paths).toEqual([]);
  });
});

test("bytes that change while they are being appended are a bug, told as such", async () => {
  const world = new SimWorld(1);
  const file = await world.runUntil(world.runtime("a").disk.open("/log"));
  const bytes = utf8("mine");
  const appending = file.append(bytes);
  bytes[0] = 0;
  await expect(world.runUntil(appending)).rejects.toThrow("changed while");
});

test("steps take time", async () => {
  const world = new SimWorld(1);
  const file = await world.runUntil(world.runtime("a").disk.open("/log"));
  const before = world.nowMs;
  await world.runUntil(file.sync());
  expect(world.nowMs).toBeGreaterThan(before);
});

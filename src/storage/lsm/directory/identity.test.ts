import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { createNodejsDisk } from "../../../runtime/nodejs/disk.ts";
import type { Disk, Runtime } from "../../../runtime/runtime.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { Identity } from "./identity.ts";
import { decodeIdentity, encodeIdentity } from "./identity-format.ts";

const directory = "/d";
const blockCounters = 10;

async function openIdentity({ disk, random }: Pick<Runtime, "disk" | "random">): Promise<Identity> {
  await disk.makeDirectory(directory);
  return Identity.open({ disk, random, directory, blockCounters });
}

async function contentOf(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, { create: false });
  return file.read(0, 1000);
}

async function replaceContent(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path);
  await file.truncate(0);
  await file.append(bytes);
  await file.sync();
}

test("a directory keeps its actor, and goes on behind its counters", async () => {
  const world = new SimWorld(1);
  const first = await world.runUntil(openIdentity(world.runtime("a")));
  expect(first.origin).toBe("new");
  expect([first.nextCounter(), first.nextCounter()]).toEqual([1, 2]);
  await world.runUntil(first.close());
  const second = await world.runUntil(openIdentity(world.runtime("a")));
  expect(second.origin).toBe("kept");
  expect(second.actor).toEqual(first.actor);
  expect(second.nextCounter()).toBe(11);
});

test("whatever step a crash comes at, no dot is given twice", async () => {
  let keptCount = 0;
  for (let seed = 0; seed < 100; seed++) {
    const world = new SimWorld(seed);
    const chance = world.random("crashes");
    const dots = new Set<string>();
    for (let life = 0; life < 6; life++) {
      const runtime = world.runtime("a");
      let countdown = 1 + chance.below(50);
      world.disk("a").intercept = () => {
        if (--countdown === 0) world.crash("a");
        return undefined;
      };
      const write = async (): Promise<void> => {
        const identity = await openIdentity(runtime);
        if (identity.origin === "kept") keptCount++;
        for (let i = 0; i < 60; i++) {
          const dot = `${Buffer.from(identity.actor).toString("hex")} ${identity.nextCounter()}`;
          expect(dots.has(dot)).toBe(false);
          dots.add(dot);
          await runtime.clock.sleep(5);
        }
      };
      void write();
      await world.runFor(2000);
    }
    world.disk("a").intercept = undefined;
  }
  expect(keptCount).toBeGreaterThan(100);
});

test("counters are reserved ahead: writing waits for no disk", async () => {
  const world = new SimWorld(1);
  const identity = await world.runUntil(openIdentity(world.runtime("a")));
  const counters: number[] = [];
  for (let i = 0; i < 20; i++) {
    for (let k = 0; k < 4; k++) counters.push(identity.nextCounter());
    await world.runFor(50);
  }
  expect(counters).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
});

test("a disk that cannot be written is felt only when the block is used up, and until it can", async () => {
  const world = new SimWorld(1);
  const identity = await world.runUntil(openIdentity(world.runtime("a")));
  world.disk("a").capacityBytes = 0;
  for (let i = 1; i <= blockCounters; i++) {
    expect(identity.nextCounter()).toBe(i);
    await world.runFor(20);
  }
  expect(() => identity.nextCounter()).toThrow("no counters are reserved");
  await world.runFor(20);
  world.disk("a").capacityBytes = 1e6;
  expect(() => identity.nextCounter()).toThrow("no counters are reserved");
  await world.runFor(50);
  expect(identity.nextCounter()).toBe(11);
});

test("a copy of a directory is another actor; the original is not", async () => {
  const world = new SimWorld(1);
  const { disk, random } = world.runtime("a");
  const original = await world.runUntil(openIdentity({ disk, random }));
  const copy = async (): Promise<Identity> => {
    await disk.makeDirectory("/copy");
    await replaceContent(disk, "/copy/IDENTITY", await contentOf(disk, "/d/IDENTITY"));
    return Identity.open({ disk, random, directory: "/copy", blockCounters });
  };
  const copied = await world.runUntil(copy());
  expect(copied.origin).toBe("copied");
  expect(copied.actor).not.toEqual(original.actor);
  expect(copied.nextCounter()).toBe(1);
  const again = await world.runUntil(Identity.open({ disk, random, directory: "/copy", blockCounters }));
  expect([again.origin, again.actor]).toEqual(["kept", copied.actor]);
  expect((await world.runUntil(openIdentity({ disk, random }))).actor).toEqual(original.actor);
});

test("an older state restored in place is another actor: its counters have been used since", async () => {
  const world = new SimWorld(1);
  const { disk, random } = world.runtime("a");
  const before = await world.runUntil(openIdentity({ disk, random }));
  const backup = await world.runUntil(contentOf(disk, "/d/IDENTITY"));
  await world.runUntil(openIdentity({ disk, random }));
  await world.runUntil(replaceContent(disk, "/d/IDENTITY", backup));
  const restored = await world.runUntil(openIdentity({ disk, random }));
  expect(restored.origin).toBe("copied");
  expect(restored.actor).not.toEqual(before.actor);
});

test("a damaged identity is replaced by a new one", async () => {
  for (let seed = 0; seed < 40; seed++) {
    const world = new SimWorld(seed);
    const before = await world.runUntil(openIdentity(world.runtime("a")));
    world.disk("a").flipBit("/d/IDENTITY");
    const after = await world.runUntil(openIdentity(world.runtime("a")));
    expect(after.origin).toBe("damaged");
    expect(after.actor).not.toEqual(before.actor);
  }
});

test("a later format is refused, not replaced", () => {
  const bytes = encodeIdentity({ actor: new Uint8Array(8), reserved: 1, fileId: "x" });
  bytes[8] = 2;
  const end = bytes.length - 4;
  new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true);
  expect(() => decodeIdentity(bytes, "IDENTITY")).toThrow("format 2 was made by a newer version");
});

test("on a real disk, a restart keeps the actor and a copy does not", async () => {
  const real = mkdtempSync(join(tmpdir(), "kvorum-identity-"));
  try {
    const disk = createNodejsDisk();
    const { random } = new SimWorld(1).runtime("a");
    const open = (path: string): Promise<Identity> => Identity.open({ disk, random, directory: path });
    const first = await open(real);
    const second = await open(real);
    expect([second.origin, second.actor]).toEqual(["kept", first.actor]);
    await disk.makeDirectory(`${real}/copy`);
    await replaceContent(disk, `${real}/copy/IDENTITY`, await contentOf(disk, `${real}/IDENTITY`));
    expect((await open(`${real}/copy`)).origin).toBe("copied");
  } finally {
    rmSync(real, { recursive: true });
  }
});

test("an identity of format 1 is read for ever", () => {
  const bytes = new Uint8Array(readFileSync(new URL("../testdata/v1/directory/IDENTITY", import.meta.url)));
  const fields = { actor: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), reserved: 2 ** 40 + 5, fileId: "4711:99" };
  expect(decodeIdentity(bytes, "IDENTITY")).toEqual(fields);
  expect(Buffer.from(encodeIdentity(fields)).toString("hex")).toBe(Buffer.from(bytes).toString("hex"));
});

import { expect, test } from "vitest";
import { utf8 } from "../../../base/bytes.ts";
import type { Runtime } from "../../../runtime/runtime.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { Manifest } from "../manifest/manifest.ts";
import { tidyTables } from "../manifest/table-files.ts";
import { Version } from "../manifest/version.ts";
import { keyAt, sampleTable } from "../manifest/version-samples.oracle.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { Identity } from "./identity.ts";

const version = Version.empty.apply({
  added: [sampleTable(1, 0, keyAt(0), keyAt(9)), sampleTable(7, 2, keyAt(0), keyAt(9))],
  flushedLog: 3,
});
const logs = [{ name: "000004.log", bytes: 2_500_000 }];

async function fill({ disk }: Runtime, path: string, content: Uint8Array): Promise<void> {
  const file = await disk.open(path);
  await file.append(content);
  await file.sync();
  await file.close();
}

async function setUp(runtime: Runtime): Promise<void> {
  for (const folder of ["tables", "log"]) await runtime.disk.makeDirectory(`/d/${folder}`);
  for (const name of ["000001.sst", "000007.sst"]) await fill(runtime, `/d/tables/${name}`, utf8(name));
  await fill(runtime, "/d/log/000004.log", new Uint8Array(2_500_100).fill(4));
  await Identity.open({ ...runtime, directory: "/d" });
  await runtime.disk.syncDirectory("/d/tables");
  await runtime.disk.syncDirectory("/d/log");
}

const write = ({ disk }: Runtime): Promise<void> =>
  writeCheckpoint({ disk, directory: "/d", target: "/c", version, logs });

test("it opens as a data directory of its own, even after a crash", async () => {
  const world = new SimWorld(1);
  await world.runUntil(setUp(world.runtime("a")));
  await world.runUntil(write(world.runtime("a")));
  world.crash("a");
  const runtime = world.runtime("a");
  const { disk } = runtime;
  const check = async (): Promise<void> => {
    const manifest = await Manifest.open({ disk, directory: "/c" });
    expect(manifest.version).toEqual(version);
    expect(await tidyTables({ disk, directory: "/c", version, cutBytes: 0 })).toEqual([]);
    expect(await disk.fileId("/c/tables/000001.sst")).toBe(await disk.fileId("/d/tables/000001.sst"));
    const log = await disk.open("/c/log/000004.log");
    const copied = await log.read(0, 3_000_000);
    expect(Buffer.compare(copied, new Uint8Array(2_500_000).fill(4))).toBe(0);
    const [original, copy] = [
      await Identity.open({ ...runtime, directory: "/d" }),
      await Identity.open({ ...runtime, directory: "/c" }),
    ];
    expect([original.origin, copy.origin]).toEqual(["kept", "new"]);
    expect(copy.actor).not.toEqual(original.actor);
  };
  await world.runUntil(check());
});

test("what a crash leaves of one is refused, or nothing, or whole", async () => {
  const outcomes = new Set<string>();
  for (let step = 1; step <= 45; step++) {
    const world = new SimWorld(step);
    await world.runUntil(setUp(world.runtime("a")));
    let countdown = step;
    world.disk("a").intercept = () => {
      if (--countdown === 0) world.crash("a");
      return undefined;
    };
    void write(world.runtime("a"));
    await world.runFor(1000);
    world.disk("a").intercept = undefined;
    const { disk } = world.runtime("a");
    const open = async (): Promise<string> => {
      const hasTables = (await disk.list("/c/tables")).length > 0;
      await disk.makeDirectory("/c");
      const manifest = await Manifest.open({ disk, directory: "/c" });
      const { tables } = manifest.version;
      expect(tables.length > 0 || !hasTables).toBe(true);
      return tables.length > 0 ? "whole" : "nothing";
    };
    outcomes.add(
      await world.runUntil(open()).catch((cause) => {
        expect(cause).toMatchObject({ code: "CORRUPTION" });
        return "refused";
      }),
    );
  }
  expect(outcomes).toEqual(new Set(["whole", "nothing", "refused"]));
});

test("it is not written over something else", async () => {
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  await world.runUntil(setUp(runtime));
  await world.runUntil(write(runtime));
  await expect(world.runUntil(write(runtime))).rejects.toMatchObject({ code: "INVALID_REQUEST" });
});

test.each(["EXDEV", "EPERM"])(
  "where tables cannot be linked (%s), they are copied, durably",
  async (code) => {
    const world = new SimWorld(1);
    await world.runUntil(setUp(world.runtime("a")));
    let refused = 0;
    world.disk("a").intercept = ({ kind, path }) => {
      if (kind !== "name" || !path.endsWith(".sst")) return undefined;
      refused++;
      return code;
    };
    await world.runUntil(write(world.runtime("a")));
    expect(refused).toBe(2);
    world.disk("a").intercept = undefined;
    world.crash("a");
    const { disk } = world.runtime("a");
    const check = async (): Promise<void> => {
      const table = await disk.open("/c/tables/000007.sst", { create: false });
      expect(Buffer.from(await table.read(0, 100)).toString()).toBe("000007.sst");
      expect(await disk.fileId("/c/tables/000007.sst")).not.toBe(await disk.fileId("/d/tables/000007.sst"));
    };
    await world.runUntil(check());
  },
);

test("when the disk refuses, nothing is left of it, and it can be tried again", async () => {
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  await world.runUntil(setUp(runtime));
  world.disk("a").intercept = ({ kind, path }) =>
    kind === "append" && path.startsWith("/c/log") ? "ENOSPC" : undefined;
  await expect(world.runUntil(write(runtime))).rejects.toMatchObject({ code: "IO" });
  expect(await world.runUntil(runtime.disk.exists("/c"))).toBe(false);
  world.disk("a").intercept = undefined;
  await world.runUntil(write(runtime));
});

import { expect, test } from "vitest";
import { utf8 } from "../../../base/bytes.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { tidyTables } from "./table-files.ts";
import { Version } from "./version.ts";
import { keyAt, sampleTable } from "./version-samples.oracle.ts";

const version = Version.empty.apply({ added: [sampleTable(2, 0, keyAt(0), keyAt(9))] });

async function tidy(world: SimWorld, names: readonly string[], cutBytes: number): Promise<readonly string[]> {
  const { disk } = world.runtime("a");
  await disk.makeDirectory("/d/tables");
  for (const name of names) await (await disk.open(`/d/tables/${name}`)).append(utf8(name));
  return tidyTables({ disk, directory: "/d", version, cutBytes });
}

test("tables that no version has are removed, other files not", async () => {
  const world = new SimWorld(1);
  const names = ["000001.sst", "000002.sst", "000003.sst", "notes.txt"];
  expect(await world.runUntil(tidy(world, names, 0))).toEqual(["000001.sst", "000003.sst"]);
  expect(world.disk("a").paths).toEqual(["/d/tables/000002.sst", "/d/tables/notes.txt"]);
});

test("if the manifest lost bytes, they are put aside", async () => {
  const world = new SimWorld(1);
  await world.runUntil(tidy(world, ["000002.sst", "000003.sst"], 5));
  expect(world.disk("a").paths).toEqual(["/d/quarantine/000003.sst", "/d/tables/000002.sst"]);
});

test("a missing table is told, and nothing is removed", async () => {
  const world = new SimWorld(1);
  await expect(world.runUntil(tidy(world, ["000003.sst"], 0))).rejects.toThrow("/d/tables/000002.sst");
  expect(world.disk("a").paths).toEqual(["/d/tables/000003.sst"]);
});

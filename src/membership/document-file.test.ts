/** Whatever moment the power fails at, the file is as it was or as it was saved. */
import { expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { DocumentFile } from "./document-file.ts";

const open = (world: SimWorld): DocumentFile => new DocumentFile(world.runtime("a").disk, "/d", "FILE");

test("what was saved last is loaded, and nothing before the first time", async () => {
  const world = new SimWorld("documents");
  const file = open(world);
  await world.runUntil(world.runtime("a").disk.makeDirectory("/d"));
  expect(await world.runUntil(file.load())).toBeUndefined();
  await world.runUntil(
    Promise.all([file.save(utf8("long before")), file.save(utf8("one")), file.save(utf8("two"))]),
  );
  expect(toText((await world.runUntil(file.load()))!)).toBe("two");
});

test("a crash at any step leaves what was saved before, or what was being saved", async () => {
  const found = new Set<string>();
  for (let step = 0; step < 12; step++) {
    const world = new SimWorld(`crash at step ${step}`);
    await world.runUntil(world.runtime("a").disk.makeDirectory("/d"));
    await world.runUntil(open(world).save(utf8("before")));
    let steps = 0;
    let isSaved = false;
    world.disk("a").intercept = () => {
      if (steps++ === step) world.crash("a");
      return undefined;
    };
    void open(world)
      .save(utf8("after"))
      .then(() => {
        isSaved = true;
      });
    await world.runFor(1_000);
    world.disk("a").intercept = undefined;
    world.crash("a");
    const text = toText((await world.runUntil(open(world).load()))!);
    expect(isSaved ? ["after"] : ["before", "after"]).toContain(text);
    found.add(`${text} ${isSaved}`);
  }
  expect(found).toContain("before false");
  expect(found).toContain("after true");
});

test("a save that fails is told, and the next one may succeed", async () => {
  const world = new SimWorld("fails");
  const file = open(world);
  await world.runUntil(world.runtime("a").disk.makeDirectory("/d"));
  world.disk("a").intercept = ({ kind }) => (kind === "sync" ? "EIO" : undefined);
  await expect(world.runUntil(file.save(utf8("one")))).rejects.toMatchObject({ code: "IO" });
  world.disk("a").intercept = undefined;
  await world.runUntil(file.save(utf8("two")));
  expect(toText((await world.runUntil(file.load()))!)).toBe("two");
});

import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { OwnKeyspaces } from "./own-keyspaces.ts";

function world() {
  const sim = new SimWorld("own keyspaces");
  const { disk } = sim.runtime("node");
  const settle = <T>(answer: Promise<T>): Promise<T> => sim.runUntil(answer);
  return { disk, settle, open: () => settle(OwnKeyspaces.open(disk, "data")) };
}

const namesOf = ({ keyspaces }: OwnKeyspaces): readonly string[] => keyspaces.all.map(({ name }) => name);

test("what was declared is there after a restart; so is what was dropped gone", async () => {
  const { disk, settle, open } = world();
  await settle(disk.makeDirectory("data"));
  const first = await open();
  expect([namesOf(first), first.areDeclared]).toEqual([["default"], false]);
  await settle(
    Promise.all([first.set("sessions", { ttlMs: 5 }), first.set("carts", {}), first.drop("carts")]),
  );
  const second = await open();
  expect([namesOf(second), second.areDeclared]).toEqual([["default", "sessions"], true]);
  expect(second.keyspaces.of(utf8("sessions:1")).ttlMs).toBe(5);
  await settle(second.drop("sessions"));
  expect(namesOf(await open())).toEqual(["default"]);
});

test("what is refused changes nothing, and does not hold up what follows", async () => {
  const { disk, settle, open } = world();
  await settle(disk.makeDirectory("data"));
  const own = await open();
  await expect(settle(own.set("a:b", {}))).rejects.toThrow(/is named by/);
  await expect(settle(own.drop("default"))).rejects.toThrow(/stays/);
  await settle(own.set("a", {}));
  expect(namesOf(own)).toEqual(["a", "default"]);
});

test("a copy of the directory has them; a damaged file is named", async () => {
  const { disk, settle, open } = world();
  for (const directory of ["data", "copy"]) await settle(disk.makeDirectory(directory));
  const own = await open();
  await settle(own.set("sessions", { ttlMs: 5 }));
  await settle(own.copyTo(disk, "copy"));
  expect(namesOf(await settle(OwnKeyspaces.open(disk, "copy")))).toEqual(["default", "sessions"]);
  const file = await settle(disk.open("copy/keyspaces"));
  await settle(file.append(Uint8Array.of(1)));
  await settle(file.close());
  await expect(settle(OwnKeyspaces.open(disk, "copy"))).rejects.toThrow(/copy\/keyspaces is damaged/);
});

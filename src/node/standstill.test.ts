/** Who is up and who is late, in a simulated world. */
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { slotOf } from "../ring/slot.ts";
import { FixedTown } from "./fixed-town.oracle.ts";

test("a node that stands still is passed over at once, and asked again when it goes on", async () => {
  const town = await FixedTown.open("standstill", 3);
  await town.set(0, "k", "v", "all");
  const { view } = town.node(0).cluster!;
  const [, stopped, other] = town.ids;
  town.world.pause("n1", 12_000);
  for (let i = 0; i < 8; i++) {
    await town.set(0, `k${i}`, "v", "quorum");
    await town.world.runFor(100);
  }
  expect(view.isUp(stopped!)).toBe(false);
  expect(view.distanceTo(stopped!)).toBeGreaterThan(view.distanceTo(other!) + 1e5);
  await town.world.runFor(8_000);
  expect(view.isUp(stopped!)).toBe(false);
  await town.world.runFor(8_000);
  expect(view.isUp(stopped!)).toBe(true);
  expect(view.distanceTo(stopped!)).toBeLessThan(view.distanceTo(other!) + 1e5);
});

test("a short standstill of a node that a quorum needs makes requests late, not fail", async () => {
  const town = await FixedTown.open("needed", 3);
  await town.set(0, "k", "v", "all");
  town.world.kill("n1");
  await town.world.runFor(300);
  town.world.pause("n2", 1_200);
  const startedMs = town.world.nowMs;
  for (let i = 0; i < 3; i++) {
    await town.set(0, "k", `${i}`, "quorum");
    expect(await town.get(0, "k", "quorum")).toBe(`${i}`);
  }
  expect(town.world.nowMs - startedMs).toBeGreaterThan(1_000);
});

test("a node whose process has died is down at once, and stays so between attempts to reach it", async () => {
  const town = await FixedTown.open("died", 3);
  const { view } = town.node(0).cluster!;
  town.world.kill("n1");
  await town.world.runFor(20);
  for (let i = 0; i < 200; i++) {
    await town.world.runFor(7);
    expect(view.isUp(town.ids[1]!)).toBe(false);
  }
});

test("where a quorum needs a stand-in for a node that stands still, requests do not fail", async () => {
  const town = await FixedTown.open("double", 5);
  const { view } = town.node(0).cluster!;
  const replicas = view.replicasOf(slotOf(utf8("a"))).map(({ id }) => town.ids.indexOf(id));
  const [first, second, third] = replicas;
  town.world.kill(`n${second}`);
  await town.world.runFor(300);
  town.world.pause(`n${third}`, 30_000);
  await town.set(first!, "a", "v", "quorum");
  expect(await town.get(first!, "a", "one")).toBe("v");
});

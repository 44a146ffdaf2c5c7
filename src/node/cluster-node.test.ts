/** Nodes of one cluster in a simulated world, with everything real but the world. */
import { expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import { FixedTown } from "./fixed-town.oracle.ts";

test("what is written at one node is read at the others, while one of three is down", async () => {
  const town = await FixedTown.open("three nodes", 3);
  await town.set(0, "colour", "green", "quorum");
  expect(await town.get(1, "colour", "quorum")).toBe("green");
  expect(await town.get(2, "colour", "all")).toBe("green");

  town.world.kill(town.names[1]!);
  await town.set(2, "colour", "blue", "quorum");
  expect(await town.get(0, "colour", "quorum")).toBe("blue");
  expect(
    town
      .node(0)
      .cluster!.members()
      .map(({ isUp }) => isUp),
  ).toEqual([true, false, true]);
  await expect(town.set(0, "colour", "red", "all")).rejects.toMatchObject({
    code: "QUORUM_UNAVAILABLE",
    outcome: "not-applied",
  });
});

test("a deleted key stays as a tombstone, so that a replica that missed the deletion cannot bring it back", async () => {
  const town = await FixedTown.open("tombstones", 3);
  await town.set(0, "k", "v", "all");
  town.world.pause(town.names[2]!, 2_000);
  await town.delete(0, "k", "quorum");
  await town.world.runFor(3_000);
  expect(await town.get(2, "k", "quorum")).toBeUndefined();
  expect(await town.get(2, "k", "all")).toBeUndefined();
});

test("a node that stands still costs a read no more than the hedge, and is asked again when it goes on", async () => {
  const town = await FixedTown.open("paused", 3);
  await town.set(0, "k", "v", "all");
  town.world.pause(town.names[1]!, 1_500);
  let slowestMs = 0;
  for (let i = 0; i < 50; i++) {
    const startedMs = town.world.nowMs;
    expect(await town.get(0, "k", "quorum")).toBe("v");
    slowestMs = Math.max(slowestMs, town.world.nowMs - startedMs);
  }
  expect(slowestMs).toBeLessThan(200);
  await town.world.runFor(5_000);
  expect(town.node(0).cluster!.view.isUp(town.ids[1]!)).toBe(true);
});

test("what a node has missed while it was down is brought to it when it is back", async () => {
  const town = await FixedTown.open("hints", 3);
  town.world.kill(town.names[2]!);
  await town.world.runFor(500);
  for (let i = 0; i < 20; i++) await town.set(i % 2, `k${i}`, `v${i}`, "quorum");
  await town.world.runFor(1_000);
  const kept = [0, 1].map((i) => town.node(i).cluster!.members()[2]!.hintsPending);
  expect(kept[0]! + kept[1]!).toBe(20);
  await town.start(2);
  await town.world.runFor(15_000);
  for (let i = 0; i < 20; i++) expect(await town.get(2, `k${i}`, "one")).toBe(`v${i}`);
  for (const i of [0, 1]) expect(town.node(i).cluster!.hints.statistics.count).toBe(0);
});

test("who is no member is not answered", async () => {
  const town = await FixedTown.open("strangers", 2, { strangers: 1 });
  const stranger = town.node(2).cluster!;
  const call = stranger.calls.call(town.ids[0]!, 2, utf8("x"), { timeoutMs: 500 });
  await expect(town.world.runUntil(call)).rejects.toThrow(/no member of this cluster/);
});

test("methods of floors above are answered by whom they named", async () => {
  const town = await FixedTown.open("methods", 2);
  town
    .node(1)
    .cluster!.serve([70], (method, { bytes, start, end }, from) =>
      utf8(`${method} ${from} ${toText(bytes.slice(start, end))}`),
    );
  const { calls } = town.node(0).cluster!;
  const answer = await town.world.runUntil(calls.call(town.ids[1]!, 70, utf8("hello"), { timeoutMs: 500 }));
  expect(toText(answer)).toBe(`70 ${town.ids[0]} hello`);
  const unknown = calls.call(town.ids[1]!, 71, utf8("hello"), { timeoutMs: 500 });
  await expect(town.world.runUntil(unknown)).rejects.toThrow("there is no method 71");
});

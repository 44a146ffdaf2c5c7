import { expect, test } from "vitest";
import { StallWatch } from "./stall-watch.ts";

function spared(...ticksMs: number[]): readonly number[] {
  const watch = new StallWatch();
  return ticksMs.filter((nowMs) => watch.onTick(nowMs));
}

test("ticks in time are none after a standstill, nor is the first", () => {
  expect(spared(5_000, 5_010, 5_050, 5_120)).toEqual([]);
});

test("the tick after a standstill is, and no other", () => {
  expect(spared(0, 10, 3_000, 3_010, 3_020)).toEqual([3_000]);
});

test("where every tick comes late, every other one counts", () => {
  expect(spared(0, 150, 300, 450, 600, 750)).toEqual([150, 450, 750]);
});

test("a pause that was meant is no standstill", () => {
  const watch = new StallWatch();
  watch.onTick(0);
  watch.reset();
  expect([3_000, 3_010, 6_000].filter((nowMs) => watch.onTick(nowMs))).toEqual([6_000]);
});

import { expect, test } from "vitest";
import { testClock } from "../runtime/clock.contract.ts";
import { SimWorld } from "./sim-runtime.ts";

testClock("sim clock", (body) => {
  const world = new SimWorld(1);
  return world.runUntil(body(world.runtime("a").clock));
});

test("time passes only as the world lets it", async () => {
  const world = new SimWorld(1);
  const { clock } = world.runtime("a");
  const start = clock.wallMs();
  await world.runFor(86_400_000);
  expect(clock.monotonicMs()).toBe(86_400_000);
  expect(clock.wallMs() - start).toBe(86_400_000);
});

test("a clock jump moves wall time of that host only, for its next life too", async () => {
  const world = new SimWorld(1);
  const [a, b] = [world.runtime("a").clock, world.runtime("b").clock];
  world.jumpClock("a", -5_000);
  expect(a.wallMs() - b.wallMs()).toBe(-5_000);
  expect(a.monotonicMs()).toBe(b.monotonicMs());
  world.kill("a");
  expect(world.runtime("a").clock.wallMs() - b.wallMs()).toBe(-5_000);
});

test("a skewed clock is off by so much of true time, whatever it was before", () => {
  const world = new SimWorld(1);
  const [a, b] = [world.runtime("a").clock, world.runtime("b").clock];
  world.jumpClock("a", -5_000);
  world.setClockSkew("a", 300);
  expect(a.wallMs() - b.wallMs()).toBe(300);
  world.setClockSkew("a", 0);
  expect(a.wallMs()).toBe(b.wallMs());
});

test("a drifting clock takes its timers with it", async () => {
  const world = new SimWorld(1);
  const { clock } = world.runtime("fast");
  world.setClockDrift("fast", 100_000);
  let ticks = 0;
  clock.every(11, () => ticks++);
  await world.runUntil(clock.sleep(1_100));
  expect(world.nowMs).toBeCloseTo(1_000, 3);
  expect(clock.monotonicMs()).toBeCloseTo(1_100, 2);
  expect(ticks).toBe(99); // the hundredth is due now
  expect(clock.wallMs() - world.runtime("right").clock.wallMs()).toBe(100);
});

test("a clock that stops drifting keeps what it has gained, and never goes back", async () => {
  const world = new SimWorld(1);
  const { clock } = world.runtime("slow");
  world.setClockDrift("slow", -200_000);
  await world.runFor(1_000);
  const before = clock.monotonicMs();
  world.setClockDrift("slow", 0);
  expect(clock.monotonicMs()).toBe(before);
  await world.runFor(1_000);
  expect(clock.monotonicMs()).toBe(1_800);
  world.setClockSkew("slow", 0);
  expect(clock.wallMs()).toBe(world.runtime("right").clock.wallMs());
});

test("a sleep under drift lasts at least as long as asked, by its own clock", async () => {
  const world = new SimWorld(1);
  const { clock } = world.runtime("a");
  for (const ppm of [-300_000, -37, 41, 123_456]) {
    world.setClockDrift("a", ppm);
    const start = clock.monotonicMs();
    await world.runUntil(clock.sleep(7.3));
    expect(clock.monotonicMs() - start).toBeGreaterThanOrEqual(7.3);
  }
});

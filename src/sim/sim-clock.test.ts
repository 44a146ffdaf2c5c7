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

import { expect, test } from "vitest";
import { taskOf, testBackground } from "../runtime/background.contract.ts";
import { SimWorld } from "./sim-runtime.ts";

testBackground("simulated background", async (body) => {
  const world = new SimWorld("background");
  const { background } = world.runtime("a");
  await body(background, (promise) => world.runUntil(promise));
});

test("work of a process that was killed has no effect on the next", async () => {
  const world = new SimWorld("killed");
  const outcomes: string[] = [];
  const note = taskOf<string, string>("async (runtime, text) => text");
  void world
    .runtime("a")
    .background.run(note, "late")
    .then((text) => outcomes.push(text));
  world.kill("a");
  void world
    .runtime("a")
    .background.run(note, "new life")
    .then((text) => outcomes.push(text));
  await world.runFor(1_000);
  expect(outcomes).toEqual(["new life"]);
});

import { expect, test } from "vitest";
import { planRun } from "./run-plan.ts";
import { drawWishes } from "./swarm.ts";

const WISHES = Array.from({ length: 300 }, (_, i) => drawWishes(`${i}`, 1_000));

test("a seed draws the same configuration each time, others draw others", () => {
  expect(drawWishes("5", 1_000)).toEqual(WISHES[5]);
  expect(new Set(WISHES.map((wishes) => JSON.stringify({ ...wishes, seed: "" }))).size).toBeGreaterThan(250);
});

test("every setting that matters is varied", () => {
  const plans = WISHES.map(planRun);
  const variety = (of: (plan: (typeof plans)[number]) => unknown): number => new Set(plans.map(of)).size;
  expect(variety(({ cluster }) => cluster.nodes.length)).toBeGreaterThan(5);
  expect(variety(({ cluster }) => cluster.settings.storage)).toBe(2);
  expect(variety(({ cluster }) => cluster.settings.fsync)).toBe(3);
  expect(variety(({ promises }) => promises.copies)).toBeGreaterThan(3);
  expect(variety(({ promises }) => promises.readsSeeWrites)).toBe(2);
  expect(variety(({ promises }) => promises.isLinearizable)).toBe(2);
  expect(variety(({ bounds }) => bounds.keyspacesInMemory === true)).toBe(2);
});

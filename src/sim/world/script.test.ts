import { expect, test } from "vitest";
import { planRun } from "./run-plan.ts";
import { runSimulation } from "./sim-run.ts";

const WISHES = { seed: "script", nodes: 3, faultsMs: 10_000, faultEveryMs: 500 };

test("what befell a cluster befalls it again when it is played, and nothing else", async () => {
  const first = await runSimulation(planRun(WISHES), { checkers: [] });
  const kinds = new Set(first.deeds.map(({ words }) => words[0]));
  expect(kinds.size).toBeGreaterThan(5);
  const again = await runSimulation(planRun({ ...WISHES, script: first.deeds }), {
    checkers: [],
  });
  expect(again.deeds.map(({ words }) => words)).toEqual(first.deeds.map(({ words }) => words));
  for (const [i, { atMs }] of again.deeds.entries()) expect(atMs).toBeCloseTo(first.deeds[i]!.atMs, 2);
  expect(again.aftermath.nodesDown).toEqual([]);
}, 300_000);

test("an empty script is a run without faults", async () => {
  const { deeds, history } = await runSimulation(planRun({ ...WISHES, script: [] }), { checkers: [] });
  expect(deeds).toEqual([]);
  expect(history.operations.every(({ outcome }) => outcome?.kind === "reply")).toBe(true);
}, 300_000);

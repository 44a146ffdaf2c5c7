/** Two runs of one seed must be the same in every packet; and a run must come to its end with everybody back. */
import { expect, test } from "vitest";
import { planRun, type RunWishes } from "./run-plan.ts";
import { type RunResult, runSimulation } from "./sim-run.ts";

function run(wishes: RunWishes, isDetailed = true): Promise<RunResult> {
  return runSimulation(planRun({ faultsMs: 5_000, ...wishes }), { checkers: [], isDetailed });
}

test.each([
  { seed: "7", nodes: 5 },
  { seed: "8", nodes: 3, founds: false, isSloppy: false },
  { seed: "9", nodes: 4, datacenters: 2, settings: { storage: "memory" as const } },
])(
  "a seed has one history: %o",
  async (wishes) => {
    const [first, again] = [await run(wishes), await run(wishes)];
    expect(again.logSum).toBe(first.logSum);
    expect(again.history).toEqual(first.history);
    expect(again.aftermath).toEqual(first.aftermath);
    const other = await run({ ...wishes, seed: `${wishes.seed} and another` });
    expect(other.logSum).not.toBe(first.logSum);
  },
  120_000,
);

test("when faults have ended all nodes come back, all requests have ended, and most were answered", async () => {
  const { history, aftermath, faults } = await run({ seed: "ends", faultsMs: 30_000, faultEveryMs: 1_000 });
  expect(aftermath.nodesDown).toEqual([]);
  expect(aftermath.unanswered).toEqual([]);
  expect([...faults.values()].reduce((a, b) => a + b)).toBeGreaterThan(10);
  const { operations } = history;
  expect(operations.filter(({ outcome }) => outcome?.kind === "reply").length).toBeGreaterThan(
    operations.length / 2,
  );
  expect([...aftermath.replicas.keys()]).toHaveLength(5);
  for (const [key, nodes] of aftermath.placement) expect(nodes, key).toHaveLength(3);
}, 120_000);

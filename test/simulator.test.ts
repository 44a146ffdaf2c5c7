/**
 * Fresh seeds of the simulator, other ones every day: no promise may be broken. The seed of the day is printed, and
 * `npm run sim:swarm -- --seed SEED --minutes 0.3` plays one again.
 */
import { expect, test } from "vitest";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import type { RunReport } from "../src/sim/command/run-report.ts";
import { runSeeds } from "../src/sim/command/run-seeds.ts";
import { reportLines } from "../src/sim/command/run-summary.ts";
import { parseSimRequest } from "../src/sim/command/sim-request.ts";

/** So many that it costs less than a minute of a processor at rest. */
const SEEDS = process.env.KVORUM_SEEDS ?? "8";
const today = new Date(createNodejsClock().wallMs()).toISOString().slice(0, 10);

async function play(args: readonly string[]): Promise<readonly RunReport[]> {
  const request = parseSimRequest(args, today);
  const reports: RunReport[] = [];
  process.stdout.write(`seed of the day: ${request.seeds[0]}\n`);
  await runSeeds(request.seeds, request, {
    cpuMs: () => process.cpuUsage().user / 1000,
    onSeed: () => undefined,
    onLine: () => undefined,
    onProgress: () => undefined,
    onReport: (report) => reports.push(report),
  });
  return reports;
}

test.each([
  ["of five nodes", ["--seeds", "2", "--minutes", "0.5"]],
  ["of configurations drawn by the seed", ["--swarm", "--seeds", SEEDS, "--minutes", "0.3"]],
])(
  "no promise is broken to clients of clusters %s",
  async (_, options) => {
    const seed = process.env.KVORUM_SEED;
    const reports = await play([...options, ...(seed === undefined ? [] : ["--seed", seed])]);
    const broken = reports.filter(({ violations }) => violations.length > 0);
    expect(broken.flatMap(reportLines)).toEqual([]);
    const total = (of: (report: RunReport) => number): number =>
      reports.reduce((sum, each) => sum + of(each), 0);
    expect(total(({ operations }) => operations)).toBeGreaterThan(100);
    expect(total(({ faults }) => Object.values(faults).reduce((a, b) => a + b, 0))).toBeGreaterThan(5);
  },
  600_000,
);

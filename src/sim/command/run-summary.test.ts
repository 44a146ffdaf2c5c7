import { expect, test } from "vitest";
import { RunProgress } from "./run-progress.ts";
import type { RunReport } from "./run-report.ts";
import { RunSummary, reportLines } from "./run-summary.ts";

const REPORT: RunReport = {
  seed: "7",
  configuration: "",
  simulatedMs: 60_000,
  cpuMs: 200,
  eventCount: 9,
  faults: { kill: 2 },
  operations: 10,
  outcomes: { reply: 9, unknown: 1 },
  violations: [],
  linearizability: { keys: 7, violated: 1, undecided: 0 },
  logSum: "3 lines 00000000",
};
const BROKEN: RunReport = {
  ...REPORT,
  seed: "8",
  faults: { kill: 1, pause: 1 },
  violations: [{ checker: "some", message: "k is lost", key: "k", operations: [3, 4], atMs: 1 }],
};

test("a summary adds up what runs came to, and names the seeds that broke a promise", () => {
  const summary = new RunSummary();
  for (const report of [REPORT, BROKEN]) summary.add(report);
  expect(summary.lines()).toEqual([
    "seeds       2",
    "simulated   2.0 min, 300 s in a second of one processor",
    "faults      kill 3, pause 1",
    "operations  20: reply 18, unknown 2",
    "one by one  12 of 14 keys, promised or not",
    "violations  1, of seeds 8",
  ]);
});

test("a violation is told with the operations that show it", () => {
  expect(reportLines(BROKEN)[1]).toBe("  some: k is lost [#3 #4]");
});

test("a bar is drawn over; where nobody can, a line comes now and then", () => {
  const drawn: string[] = [];
  const bar = new RunProgress({ write: (text) => void drawn.push(text), isTerminal: true }, 100);
  bar.show(50, 0);
  expect(drawn.join("")).toContain("[###############...............] 50 of 100 seeds");
  expect(drawn.join("")).not.toContain("\n");
  const lines: string[] = [];
  const plain = new RunProgress({ write: (text) => void lines.push(text), isTerminal: false }, 10_000);
  for (let i = 1; i <= 10_000; i++) plain.show(i, 0);
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(lines.at(-1)).toBe("100 %: 10000 of 10000 seeds, 0 violations\n");
});

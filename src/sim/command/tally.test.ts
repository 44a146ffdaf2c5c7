import { expect, test } from "vitest";
import { brokenReport } from "./run-report.ts";
import { readTally, tallyLine, tallySummary } from "./tally.ts";

const SOUND = {
  ...brokenReport("7", "3 nodes", new Error("x")),
  violations: [],
  simulatedMs: 94_000,
  cpuMs: 470,
};

test("what was written is read: seeds, and which of them broke a promise", () => {
  const text = tallyLine(SOUND, "abc") + tallyLine(brokenReport("8", "5 nodes, N=3", new Error("x")), "abc");
  const tally = readTally(text);
  expect(tally).toEqual({ seeds: new Set(["7", "8"]), violating: ["8"], simulatedMs: 94_000, cpuMs: 470 });
  expect(tallySummary(tally)).toBe("in all      2 seeds, 0.0 h at 200 to 1: violations by seeds 8");
});

test("a torn last line is a seed that was not played", () => {
  const text = tallyLine(SOUND, "abc");
  expect(readTally(`${text}8 0 94 3`).seeds).toEqual(new Set(["7"]));
  expect(readTally("").seeds.size).toBe(0);
});

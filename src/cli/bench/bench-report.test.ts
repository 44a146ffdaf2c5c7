import { expect, test } from "vitest";
import { type BenchFigures, boundLines } from "./bench-report.ts";

const told = (threads: number, threadsBusy: number | null): readonly string[] =>
  boundLines({ threads, threadsBusy } as BenchFigures);

test("a client that hardly ever waits says that the figures are its own, and what may help", () => {
  expect(told(2, 0.95)).toEqual([expect.stringMatching(/^THE CLIENT WAS THE BOUND: .*--threads 3 here/)]);
  expect(told(1, 0.8)).toEqual([]);
  expect(told(1, null)).toEqual([]);
});

import { expect, test } from "vitest";
import { SERIES_NAMES } from "../api/answers.ts";
import { CHARTS, chartSummary } from "./chart-plans.ts";

const latency = CHARTS.find(({ name }) => name === "latency")!;

test("every series is on a chart", () => {
  const shown = CHARTS.flatMap(({ lines }) => lines.map(({ series }) => series));
  expect([...shown].sort()).toEqual([...SERIES_NAMES].sort());
});

test("a chart says in words what it shows", () => {
  const series = { times: [0, 300_000, 600_000], p50: [0.2, 1.4, 0.3], p99: [2, null, 3], p999: [] };
  expect(chartSummary(latency, series)).toBe(
    "Latency: p50 now 0.30 ms, at most 1.40 ms in the last 10 minutes; p99 now 3.00 ms, at most 3.00 ms in the last 10 minutes; p99.9: nothing known yet.",
  );
});

test("before there is anything, it says so", () => {
  expect(chartSummary(CHARTS[0]!, undefined)).toBe("Requests per second: requests: nothing known yet.");
});

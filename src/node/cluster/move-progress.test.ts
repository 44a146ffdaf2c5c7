import { expect, test } from "vitest";
import { moveFigures, RateMeter } from "./move-progress.ts";
import { decodeMoveReport, encodeMoveReport, type MoveReport } from "./move-report.ts";

const REPORT: MoveReport = {
  epoch: 7,
  since: 5,
  isFilled: false,
  permille: 250,
  missed: ["a"],
  unseen: ["b", "c"],
  slots: 4_000,
  slotsDone: 1_000,
  rows: 90,
  bytes: 2 ** 40,
};

test("a report is read as it was written, and one of version 1 without what that lacks", () => {
  expect(decodeMoveReport(encodeMoveReport(REPORT))).toEqual(REPORT);
  const bytes = encodeMoveReport(REPORT);
  const old = bytes.slice(0, 1 + 6 + 6 + 1 + 4 + 4 + 2);
  old[0] = 1;
  const rest = { unseen: [], slots: 0, slotsDone: 0, rows: 0, bytes: 0 };
  expect(decodeMoveReport(old)).toEqual({ ...REPORT, ...rest });
});

test("figures are those of all who gain; who has said nothing has nothing", () => {
  const reports = new Map([["a", REPORT]]);
  expect(moveFigures(["a", "b"], (id) => reports.get(id))).toEqual({
    part: 0.125,
    slots: 4_000,
    slotsDone: 1_000,
    rows: 90,
    bytes: 2 ** 40,
  });
});

test("a rate is that of the last seconds, and no restart of a node makes it negative", () => {
  const meter = new RateMeter();
  for (let second = 0; second <= 60; second++) meter.onTotal(1_000 * second, 1_000 * second);
  expect(meter.perSecond).toBe(1_000);
  meter.onTotal(0, 61_000);
  expect(meter.perSecond).toBe(1_000);
  for (let second = 62; second < 120; second++) meter.onTotal(0, 1_000 * second);
  expect(meter.perSecond).toBe(0);
});

import { expect, test } from "vitest";
import { reasonToWait } from "./move-readiness.ts";

const ALL = ["a", "b", "c", "d"];

function reportsOf(unseen: Readonly<Record<string, readonly string[]>>) {
  return new Map(Object.entries(unseen).map(([id, ids]) => [id, { unseen: ids }]));
}

const EVERYBODY_SEES_ALL = { a: [], b: [], c: [], d: [] };

test("all see each other: nothing is waited for", () => {
  expect(reasonToWait({ up: ALL, gainers: ["d"], reports: reportsOf(EVERYBODY_SEES_ALL) })).toBeUndefined();
});

test("who does not see the newcomer is waited for", () => {
  const reports = reportsOf({ ...EVERYBODY_SEES_ALL, b: ["d"] });
  expect(reasonToWait({ up: ALL, gainers: ["d"], reports })).toBe("b does not see d up yet");
});

test("the newcomer must see the others, too", () => {
  const reports = reportsOf({ ...EVERYBODY_SEES_ALL, d: ["a"] });
  expect(reasonToWait({ up: ALL, gainers: ["d"], reports })).toBe("d does not see a up yet");
});

test("who is up and says nothing may not see the newcomer", () => {
  const reports = reportsOf({ a: [], b: [], d: [] });
  expect(reasonToWait({ up: ALL, gainers: ["d"], reports })).toBe("c does not answer");
});

test("who is down is not waited for, unless it is to be given slots", () => {
  const reports = reportsOf({ a: ["c"], b: ["c"], d: ["c"] });
  expect(reasonToWait({ up: ["a", "b", "d"], gainers: ["d"], reports })).toBeUndefined();
  expect(reasonToWait({ up: ["a", "b", "d"], gainers: ["c"], reports })).toBe(
    "c is down, and is to be given slots",
  );
});

test("those who gain nothing need not see each other", () => {
  const reports = reportsOf({ ...EVERYBODY_SEES_ALL, a: ["b"] });
  expect(reasonToWait({ up: ALL, gainers: ["d"], reports })).toBeUndefined();
});

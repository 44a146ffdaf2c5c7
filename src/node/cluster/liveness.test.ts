import { expect, test } from "vitest";
import type { Verdict } from "../../membership/failure-detector.ts";
import { RoundTrips } from "../../peer/round-trips.ts";
import { Liveness, type WatchedLink } from "./liveness.ts";

const OPEN: WatchedLink = {
  ...{ isReachable: true, receivedMs: 0, inFlight: 0, roundTrips: new RoundTrips() },
  oldestAgeMs: () => 0,
};
const GONE: WatchedLink = { ...OPEN, isReachable: false };

/** Requests to it wait since time 0, and nothing has come since. */
const stalled = (nowMs: number): WatchedLink => ({ ...OPEN, inFlight: 3, oldestAgeMs: () => nowMs });

/** Who is up, after ticks up to that time. */
function upAt(nowMs: number, links: Record<string, WatchedLink>, verdicts: Record<string, Verdict> = {}) {
  const watched = new Map(Object.entries(links));
  const liveness = new Liveness({ links: () => watched }, (id) => verdicts[id] ?? "up");
  for (let tickMs = nowMs - 100; tickMs <= nowMs; tickMs += 10) liveness.onTick(tickMs);
  return [...watched.keys()].filter((id) => liveness.isUp(id));
}

test("who is connected and not given up is up", () => {
  expect(upAt(1_000, { b: OPEN, c: GONE })).toEqual(["b"]);
  expect(upAt(1_000, { b: OPEN, c: OPEN }, { c: "down" })).toEqual(["b"]);
  expect(upAt(1_000, { b: OPEN, c: OPEN }, { c: "suspect" })).toEqual(["b", "c"]);
});

test("who lets requests wait for long is passed over, while others are a majority with this node", () => {
  expect(upAt(200, { b: OPEN, c: stalled(200) })).toEqual(["b", "c"]);
  expect(upAt(1_000, { b: OPEN, c: stalled(1_000) })).toEqual(["b"]);
  expect(upAt(1_000, { b: OPEN, c: OPEN, d: stalled(1_000), e: stalled(1_000) })).toEqual(["b", "c"]);
});

test("where that would leave no majority, those who are late may still answer", () => {
  expect(upAt(1_000, { b: GONE, c: stalled(1_000) })).toEqual(["c"]);
  expect(upAt(1_000, { b: stalled(1_000), c: stalled(1_000) })).toEqual(["b", "c"]);
  expect(upAt(1_000, { b: OPEN, c: GONE, d: stalled(1_000), e: stalled(1_000) })).toEqual(["b", "d", "e"]);
});

test("where the others of this datacenter answer, the late of another one are passed over, however many", () => {
  const far = { d: stalled(1_000), e: stalled(1_000), f: stalled(1_000) };
  const isNear = (id: string): boolean => "bc".includes(id);
  const up = (links: Record<string, WatchedLink>, near?: (id: string) => boolean): string[] => {
    const watched = new Map(Object.entries(links));
    const liveness = new Liveness({ links: () => watched }, () => "up", near);
    for (let tickMs = 900; tickMs <= 1_000; tickMs += 10) liveness.onTick(tickMs);
    return [...watched.keys()].filter((id) => liveness.isUp(id));
  };
  expect(up({ b: OPEN, c: OPEN, ...far }, isNear)).toEqual(["b", "c"]);
  expect(up({ b: OPEN, c: OPEN, ...far })).toEqual(["b", "c", "d", "e", "f"]);
  expect(up({ b: stalled(1_000), c: stalled(1_000), ...far }, isNear)).toHaveLength(5);
  expect(up({ d: far.d, e: far.e }, isNear)).toEqual(["d", "e"]); // nobody near says anything
});

test("who is far away is not late before what the way there takes", () => {
  const trips = new RoundTrips();
  for (let i = 0; i < 200; i++) trips.record(i % 50 === 0 ? 400 : 160);
  trips.onTick(1_000);
  const links = new Map([["b", { ...OPEN, roundTrips: trips }]]);
  const p99Ms = new Liveness({ links: () => links }, () => "up").p99Ms("b");
  expect(p99Ms).toBeGreaterThan(200);
  expect(p99Ms).toBeLessThanOrEqual(100 + 160);
});

test("a tick that comes late blames nobody", () => {
  const links = new Map([
    ["b", OPEN],
    ["c", stalled(1_000)],
  ]);
  const liveness = new Liveness({ links: () => links }, () => "up");
  liveness.onTick(0);
  liveness.onTick(1_000);
  expect(liveness.isUp("c")).toBe(true);
  liveness.onTick(1_010);
  expect(liveness.isUp("c")).toBe(false);
});

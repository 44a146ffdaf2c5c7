import { expect, test } from "vitest";
import { FailureDetector, type VerdictEvent } from "./failure-detector.ts";
import { DEFAULT_PHI_SETTINGS, PHI_MAX, PhiAccrual } from "./phi-accrual.ts";

function beating(...intervalsMs: readonly number[]): { accrual: PhiAccrual; lastMs: number } {
  const accrual = new PhiAccrual(0, { ...DEFAULT_PHI_SETTINGS, windowSize: Math.max(2, intervalsMs.length) });
  let lastMs = 0;
  for (const intervalMs of intervalsMs) {
    lastMs += intervalMs;
    accrual.onHeartbeat(lastMs);
  }
  return { accrual, lastMs };
}

test.each([
  // Recorded intervals, silence, and phi by the shifted exponential of their mean and deviation.
  [[1000, 1000, 1000, 1000], 1000, Math.LOG10E], // the mean: one deviation of 200 from the start
  [[1000, 1000, 1000, 1000], 1400, 1.303], // three
  [[1000, 1000, 1000, 1000], 2000, 2.606], // six
  [[500, 1500, 500, 1500], 2000, 1.303], // an irregular node: three of 500
  [[500, 1500, 500, 1500], 4000, 3.04], // seven
])("after %j a silence of %i ms has phi %f", (intervalsMs, silenceMs, expected) => {
  const { accrual, lastMs } = beating(...intervalsMs);
  expect(accrual.phi(lastMs + silenceMs)).toBeCloseTo(expected, 2);
});

test("phi rises with silence, all the way, and stays a number", () => {
  const { accrual, lastMs } = beating(900, 1100, 1000, 950);
  let before = -1;
  for (let silenceMs = 0; silenceMs < 8_000; silenceMs += 50) {
    const phi = accrual.phi(lastMs + silenceMs);
    expect(phi).toBeGreaterThanOrEqual(before);
    before = phi;
  }
  expect(accrual.phi(lastMs + 1e9)).toBe(PHI_MAX);
});

test("after one heartbeat the first guess counts", () => {
  const accrual = new PhiAccrual(0);
  expect(accrual.phi(2_000)).toBeLessThan(1);
  expect(accrual.phi(12_000)).toBeGreaterThan(8);
});

test("an outage is no habit: it is not remembered", () => {
  const { accrual, lastMs } = beating(1000, 1000, 1000, 1000);
  accrual.onHeartbeat(lastMs + 60_000);
  expect(accrual.phi(lastMs + 64_000)).toBeGreaterThan(5);
});

/** Ticks every second; heartbeats of `ids` right before, as long as `isBeating` says so. */
function watch(
  detector: FailureDetector,
  span: readonly [fromMs: number, toMs: number],
  ids: readonly string[],
): readonly VerdictEvent[] {
  const events: VerdictEvent[] = [];
  for (let nowMs = span[0]; nowMs <= span[1]; nowMs += 1_000) {
    for (const id of ids) events.push(...detector.onHeartbeat(id, nowMs));
    events.push(...detector.tick(nowMs));
  }
  return events;
}

test("a node that falls silent is suspect, then down, and up with its next heartbeat", () => {
  const detector = new FailureDetector();
  expect(watch(detector, [0, 60_000], ["a", "b"])).toEqual([
    { kind: "up", id: "a" },
    { kind: "up", id: "b" },
  ]);
  const events = watch(detector, [61_000, 80_000], ["b"]);
  expect(events.at(-1)).toEqual({ kind: "down", id: "a" });
  expect(events.every(({ id }) => id === "a")).toBe(true);
  expect(watch(detector, [81_000, 90_000], ["a", "b"])).toEqual([{ kind: "up", id: "a" }]);
  expect(detector.verdictOf("a")).toBe("up");
  expect(detector.verdictOf("never")).toBe("down");
});

test("a suspect is told of before it is down where silence grows slowly", () => {
  const detector = new FailureDetector();
  watch(detector, [0, 60_000], ["a"]);
  const events: VerdictEvent[] = [];
  for (let nowMs = 60_000; nowMs < 70_000; nowMs += 100) events.push(...detector.tick(nowMs));
  expect(events).toEqual([
    { kind: "suspect", id: "a" },
    { kind: "down", id: "a" },
  ]);
});

test("who was paused itself suspects nobody", () => {
  const detector = new FailureDetector();
  watch(detector, [0, 60_000], ["a", "b"]);
  expect(detector.tick(120_000)).toEqual([]); // a minute later, nothing heard in between
  expect(detector.phiOf("a", 120_500)).toBeLessThan(5);
  expect(watch(detector, [121_000, 130_000], ["b"])).toContainEqual({ kind: "down", id: "a" });
  expect(detector.verdictOf("b")).toBe("up");
});

test("a tick that comes later and later is no time going back for those who are heard meanwhile", () => {
  const detector = new FailureDetector();
  watch(detector, [0, 10_000], ["a"]);
  for (let nowMs = 10_000; nowMs <= 14_000; nowMs += 100) detector.onHeartbeat("a", nowMs);
  expect(watch(detector, [14_100, 20_000], ["a"])).toEqual([]);
});

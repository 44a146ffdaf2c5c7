/** Sums of slots are those of a scan, whichever engine has the rows and however much time that takes. */
import { expect, test } from "vitest";
import { SimWorld } from "../sim/sim-runtime.ts";
import {
  openSmallEngine,
  overwrite,
  simpleTraits,
  summaryOfScan,
} from "../storage/lsm/engine/small-engine.oracle.ts";
import { MerkleSummary, SLOT_LEAF_COUNT } from "../storage/lsm/table/merkle-summary.ts";
import { simpleCell, simpleKey } from "../storage/simple-engine.oracle.ts";
import { slotSums } from "./slot-sums.ts";

const ROWS = 2_500;

/** Every look at the clock is a moment later. */
function slowClock(): { monotonicMs: () => number; defer: (task: () => void) => void; deferrals: number } {
  let nowMs = 0;
  const clock = {
    deferrals: 0,
    monotonicMs: () => (nowMs += 0.3),
    defer: (task: () => void) => {
      clock.deferrals++;
      queueMicrotask(task);
    },
  };
  return clock;
}

test.each([["its own sums"], ["a scan"]])("by %s, at once or bit by bit", async (way) => {
  const world = new SimWorld(1);
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", { fsync: "no", cacheBytes: 0 });
    for (let i = 0; i < ROWS; i++)
      await overwrite(engine, simpleKey(`${i % 2_000}`, i % 3), simpleCell(`${i}`));
    const clock = slowClock();
    const scanned = { scan: engine.scan.bind(engine) };
    const sumsOf = slotSums(way === "a scan" ? scanned : engine, simpleTraits, clock);
    const whole = await summaryOfScan(engine);
    expect((await sumsOf(0, 16_384)).equals(whole)).toBe(true);
    expect(clock.deferrals).toBeGreaterThan(0);
    const part = new MerkleSummary();
    part.addSummary(whole, 100 * SLOT_LEAF_COUNT, 228 * SLOT_LEAF_COUNT);
    expect((await sumsOf(100, 228)).equals(part)).toBe(true);
    await engine.close();
  };
  await world.runUntil(run());
});

import { expect, test } from "vitest";
import { SimRandom } from "../sim/sim-random.ts";
import { BackOff } from "./back-off.ts";

test("pauses are anywhere below a limit that doubles up to its maximum, and begins anew", () => {
  const backOff = new BackOff(new SimRandom("back-off"), { baseMs: 50, maxMs: 1_000 });
  const drawn = (): { least: number; most: number } => {
    const delays = Array.from({ length: 500 }, () => backOff.delayMs());
    return { least: Math.min(...delays), most: Math.max(...delays) };
  };
  const limits = [50, 100, 200, 400, 800, 1_000, 1_000];
  for (const limit of limits) {
    const { least, most } = drawn();
    expect(least).toBeGreaterThan(0);
    expect(least).toBeLessThan(limit / 10);
    expect(most).toBeGreaterThan(limit * 0.9);
    expect(most).toBeLessThanOrEqual(limit);
    backOff.noteFailure();
  }
  for (let i = 0; i < 2_000; i++) backOff.noteFailure();
  expect(drawn().most).toBeLessThanOrEqual(1_000);
  backOff.reset();
  expect(drawn().most).toBeLessThanOrEqual(50);
});

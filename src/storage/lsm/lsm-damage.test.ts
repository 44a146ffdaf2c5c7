/** What a running engine does about a table that was damaged under it. */
import { expect, test } from "vitest";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
import { openSmallEngine, overwrite } from "./engine/small-engine.oracle.ts";

test("a damaged block is told to whoever reads it; other rows, flushes and compactions go on, and nothing is dropped", async () => {
  const world = new SimWorld(1);
  const { clock } = world.runtime("a");
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", { fsync: "no", cacheBytes: 0 });
    const fill = async (label: string, rows: number): Promise<void> => {
      for (let i = 0; i < rows; i++)
        await overwrite(engine, simpleKey(`${label} ${i}`), simpleCell("x".repeat(300)));
      await clock.sleep(1000);
    };
    await fill("a", 300);
    const damaged = world.disk("a").paths.find((path) => path.endsWith(".sst"))!;
    world.disk("a").flipBit(damaged, 10);
    for (const label of ["b", "c", "d"]) await fill(label, 300);
    expect(engine.statistics.damagedCompactions).toBe(1);
    expect(engine.statistics.fullMemtableCount).toBe(0);
    expect(engine.counts(0).rows).toBe(1200);
    let failures = 0;
    for (const label of ["a", "b", "c", "d"]) {
      for (let i = 0; i < 300; i++) {
        const into = { bytes: new Uint8Array(0), start: 0, end: 0 };
        try {
          expect(await engine.get(simpleKey(`${label} ${i}`), into)).toBe(true);
        } catch (cause) {
          expect(cause).toMatchObject({ code: "CORRUPTION" });
          expect(String(cause)).toContain(`${damaged}: offset 0`);
          failures++;
        }
      }
    }
    expect(failures).toBeGreaterThan(0);
    expect(failures).toBeLessThan(10);
    expect(engine.statistics.corruptReads).toBeGreaterThanOrEqual(failures);
    await engine.close();
  };
  await world.runUntil(run());
});

/**
 * Flushes and compactions of real files against a map: rows, Merkle sums and counts, whatever was put, deleted and
 * expired, and in whatever order the tables were merged.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { rangeOf, sampleCell, sampleTraits } from "../table/table-samples.oracle.ts";
import { directory, SmallStore } from "./small-store.oracle.ts";

const limits = { level0Count: 2, level1Bytes: 2500, levelRatio: 2, level0BytesMax: 100_000 };
const HORIZON_MS = 500;

const anyPut = fc.record({
  name: fc.constantFrom("a", "b", "c", "{a}1", "{a}2", "{a}3", "d", "e", "f", "g", "h"),
  database: fc.nat(1),
  kind: fc.constantFrom("value", "tombstone", "expired", "expiring"),
});
const anyBatch = fc.array(anyPut, { maxLength: 12 });

test.each(["none", "all", "slots"] as const)(
  "rule %s: what is stored is what was put, and the sums fit",
  async (kind) => {
    let droppedCount = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyBatch, { minLength: 2, maxLength: 14 }), (batches) => {
        const world = new SimWorld(1);
        const runtime = world.runtime("a");
        const rule =
          kind === "all"
            ? { kind, horizonMs: HORIZON_MS }
            : kind === "slots"
              ? {
                  kind,
                  horizonsMs: Float64Array.from({ length: 16384 }, (_, slot) => (slot % 2) * HORIZON_MS),
                }
              : { kind };
        const run = async (): Promise<void> => {
          await runtime.disk.makeDirectory(directory);
          const store = new SmallStore(runtime);
          let wallMs = 1;
          for (const batch of batches) {
            for (const { name, database, kind: cellKind } of batch) {
              const expiresAtMs = cellKind === "expired" ? 400 : cellKind === "expiring" ? 9000 : 0;
              const payload = cellKind === "tombstone" ? "" : `payload ${wallMs}`.padEnd(40);
              store.put(name, sampleCell(payload, { wallMs: wallMs++, expiresAtMs }), database);
            }
            await store.flush();
            for (;;) {
              const compaction = store.pick(limits, kind === "all" ? HORIZON_MS : 0);
              if (compaction === undefined) break;
              const { dropped } = await store.run(compaction, rule);
              droppedCount += dropped.length / 4;
              const scanned = await store.scan();
              for (const [key, cell] of store.rows) {
                if (scanned.has(key)) continue;
                const isDead =
                  sampleTraits.isTombstone(rangeOf(cell)) ||
                  (sampleTraits.expiresAtMs(rangeOf(cell)) > 0 &&
                    sampleTraits.expiresAtMs(rangeOf(cell)) < 500);
                expect(isDead && kind !== "none").toBe(true);
                store.rows.delete(key);
              }
              expect(scanned).toEqual(store.rows);
              await store.checkSums();
            }
            await store.checkSums();
          }
        };
        return world.runUntil(run());
      }),
      { numRuns: 30, endOnFailure: true },
    );
    if (kind === "none") expect(droppedCount).toBe(0);
    else expect(droppedCount).toBeGreaterThan(10);
  },
);

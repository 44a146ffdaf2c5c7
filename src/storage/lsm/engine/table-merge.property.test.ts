/**
 * Flushes and merges of real files against a map: rows, Merkle sums and counts, whatever was put and forgotten, and in
 * whatever order the tables were merged.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { sampleCell } from "../table/table-samples.oracle.ts";
import { directory, SmallStore } from "./small-store.oracle.ts";

const limits = { level0Count: 2, level1Bytes: 2500, levelRatio: 2, level0BytesMax: 100_000 };

const anyPut = fc.record({
  name: fc.constantFrom("a", "b", "c", "{a}1", "{a}2", "{a}3", "d", "e", "f", "g", "h"),
  database: fc.nat(1),
  kind: fc.constantFrom("value", "tombstone", "expiring", "forgotten"),
});
type Put = typeof anyPut extends fc.Arbitrary<infer T> ? T : never;
const anyBatch = fc.array(anyPut, { maxLength: 12 });

function put(store: SmallStore, { name, database, kind }: Put, wallMs: number): void {
  if (kind === "forgotten") {
    store.forget(name, database);
    return;
  }
  const payload = kind === "tombstone" ? "" : `payload ${wallMs}`.padEnd(40);
  store.put(name, sampleCell(payload, { wallMs, expiresAtMs: kind === "expiring" ? 9000 : 0 }), database);
}

/** Returns how many rows went: none but forgotten ones may. */
async function checkRows(store: SmallStore): Promise<number> {
  const scanned = await store.scan();
  let gone = 0;
  for (const [key, cell] of store.rows) {
    if (scanned.has(key)) continue;
    expect(cell).toHaveLength(0);
    store.rows.delete(key);
    gone++;
  }
  expect(scanned).toEqual(store.rows);
  await store.checkSums();
  return gone;
}

test("what is stored is what was put, and the sums fit", async () => {
  let goneCount = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyBatch, { minLength: 2, maxLength: 14 }), (batches) => {
      const world = new SimWorld(1);
      const runtime = world.runtime("a");
      const run = async (): Promise<void> => {
        await runtime.disk.makeDirectory(directory);
        const store = new SmallStore(runtime);
        let wallMs = 1;
        for (const batch of batches) {
          for (const each of batch) put(store, each, wallMs++);
          await store.flush();
          for (let due = store.pick(limits); due !== undefined; due = store.pick(limits)) {
            await store.run(due);
            goneCount += await checkRows(store);
          }
          await checkRows(store);
        }
      };
      return world.runUntil(run());
    }),
    { numRuns: 25, endOnFailure: true },
  );
  expect(goneCount).toBeGreaterThan(10);
});

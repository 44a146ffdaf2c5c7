import fc from "fast-check";
import { expect, test } from "vitest";
import { RowTally } from "./row-tally.ts";

const ORIGIN = { path: "/t", offset: 0 };
const anyCount = fc.record({
  slot: fc.oneof(fc.nat({ max: 3 }), fc.constant(16383)),
  database: fc.constantFrom(0, 1, 15),
  rows: fc.integer({ min: -300, max: 300 }),
  expiring: fc.integer({ min: -300, max: 300 }),
});
const anyCounts = fc.array(anyCount, { maxLength: 20 });

function tallyOf(
  counts: readonly { slot: number; database: number; rows: number; expiring: number }[],
): RowTally {
  const tally = new RowTally();
  for (const { slot, database, rows, expiring } of counts) tally.add(slot, database, rows, expiring);
  return tally;
}

test("counts are the sums of what was added, by database and by slot", () => {
  fc.assert(
    fc.property(anyCounts, (counts) => {
      const tally = tallyOf(counts);
      for (const database of [0, 1, 15, 2]) {
        const own = counts.filter((count) => count.database === database);
        const rows = own.reduce((sum, count) => sum + count.rows, 0);
        const expiring = own.reduce((sum, count) => sum + count.expiring, 0);
        expect(tally.counts(database)).toEqual({ rows, expiring });
        const inSlot = own.filter(({ slot }) => slot === 2).reduce((sum, count) => sum + count.rows, 0);
        expect(tally.slotRows(2, database)).toBe(inSlot);
      }
    }),
  );
});

test("an encoded tally is read as it was, and what is taken away leaves no trace", () => {
  fc.assert(
    fc.property(anyCounts, anyCounts, (counts, others) => {
      const tally = tallyOf(counts);
      const bytes = tally.encode();
      expect(RowTally.decode(bytes, ORIGIN).encode()).toEqual(bytes);
      tally.addTally(tallyOf(others));
      tally.addTally(tallyOf(others), -1);
      expect(tally.encode()).toEqual(bytes);
    }),
  );
});

test("a tally cut at a slot adds up to the whole", () => {
  fc.assert(
    fc.property(anyCounts, fc.nat({ max: 5 }), (counts, slot) => {
      const [above, whole] = [tallyOf(counts), tallyOf(counts)];
      const below = above.takeBelow(slot);
      expect(below.slotRows(slot, 0)).toBe(0);
      if (slot > 0) expect(above.slotRows(slot - 1, 0)).toBe(0);
      above.addTally(below);
      expect(above.encode()).toEqual(whole.encode());
    }),
  );
});

test("what cannot have been encoded is refused", () => {
  const bytes = tallyOf([{ slot: 7, database: 0, rows: 5, expiring: -5 }]).encode();
  for (const wrong of [
    bytes.subarray(0, -1),
    Uint8Array.of(...bytes, 0),
    Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff),
  ]) {
    expect(() => RowTally.decode(wrong, ORIGIN)).toThrow(expect.objectContaining({ code: "CORRUPTION" }));
  }
});

import { expect, test } from "vitest";
import { OperationSource } from "./operation-source.ts";
import { QuickRandom } from "./quick-random.ts";
import { OPERATIONS, workloadNamed } from "./workload.ts";
import { THETA, Zipfian } from "./zipfian.ts";

const DRAWS = 200_000;

/** How often each rank comes up. */
function drawn(zipfian: Zipfian, ranks: number): readonly number[] {
  const random = new QuickRandom(5);
  const counts = new Array<number>(ranks).fill(0);
  for (let i = 0; i < DRAWS; i++) counts[zipfian.rankOf(random.fraction())]!++;
  return counts;
}

test("ranks come up as Zipf's law says", () => {
  const ranks = 1_000;
  const counts = drawn(new Zipfian(ranks), ranks);
  let zeta = 0;
  for (let k = 1; k <= ranks; k++) zeta += k ** -THETA;
  // The first two are exact in Gray's method; the others are near, and taken together nearer.
  for (const rank of [0, 1]) expect(counts[rank]! / DRAWS / ((rank + 1) ** -THETA / zeta)).toBeCloseTo(1, 1);
  let expected = 0;
  for (let k = 1; k <= 100; k++) expected += k ** -THETA / zeta;
  const hundred = counts.slice(0, 100).reduce((sum, count) => sum + count, 0) / DRAWS;
  expect(hundred / expected).toBeGreaterThan(0.95);
  expect(hundred / expected).toBeLessThan(1.05);
});

test("to grow step by step comes to the same as to begin so large, also where the sum is an integral", () => {
  for (const [from, to] of [
    [10, 1_000],
    [999_990, 1_300_000],
  ] as const) {
    const grown = new Zipfian(from);
    for (let count = from; count < to; count += Math.ceil((to - from) / 7)) grown.grow(count);
    grown.grow(to);
    const fresh = new Zipfian(to);
    for (let i = 0; i < 100; i++)
      expect(Math.abs(grown.rankOf(i / 100) - fresh.rankOf(i / 100))).toBeLessThan(3);
  }
});

test("no rank is out of bounds", () => {
  for (const count of [1, 2, 3, 50]) {
    const zipfian = new Zipfian(count);
    for (const fraction of [0, 0.3, 0.9, 1 - 2 ** -32]) {
      expect(zipfian.rankOf(fraction)).toBeGreaterThanOrEqual(0);
      expect(zipfian.rankOf(fraction)).toBeLessThan(count);
    }
  }
});

test("workload d reads what was inserted last most, and inserts a new record each time", () => {
  const source = new OperationSource(workloadNamed("d")!, { records: 1_000, random: new QuickRandom(3) });
  let records = 1_000;
  let newest = 0;
  let reads = 0;
  for (let i = 0; i < 10_000; i++) {
    source.next();
    if (OPERATIONS[source.kind] === "insert") expect(source.record).toBe(records++);
    else {
      reads++;
      expect(source.record).toBeLessThan(records);
      if (source.record >= records - 10) newest++;
    }
  }
  expect(reads / 10_000).toBeCloseTo(0.95, 1);
  expect(newest / reads).toBeGreaterThan(0.3);
});

test("popular records of the other workloads are spread, and the shares are kept", () => {
  const source = new OperationSource(workloadNamed("a")!, { records: 1_000, random: new QuickRandom(4) });
  const counts = new Map<number, number>();
  let updates = 0;
  for (let i = 0; i < 20_000; i++) {
    source.next();
    if (OPERATIONS[source.kind] === "update") updates++;
    counts.set(source.record, (counts.get(source.record) ?? 0) + 1);
  }
  expect(updates / 20_000).toBeCloseTo(0.5, 1);
  const hottest = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
  expect(hottest[0]![1] / 20_000).toBeGreaterThan(0.08);
  expect(
    Math.max(...hottest.map(([record]) => record)) - Math.min(...hottest.map(([record]) => record)),
  ).toBeGreaterThan(100);
});

test("of several sources of one load each inserts records of its own, and reads only those among the new ones", () => {
  const inserted: number[] = [];
  for (const first of [0, 1, 2]) {
    const sharing = { records: 100, random: new QuickRandom(first), step: 3, first };
    const source = new OperationSource(workloadNamed("d")!, sharing);
    const own = new Set<number>();
    let newReads = 0;
    while (own.size < 50) {
      source.next();
      if (OPERATIONS[source.kind] === "insert") own.add(source.record);
      else if (source.record >= 100) {
        newReads++;
        expect(own).toContain(source.record);
      }
    }
    expect(newReads).toBeGreaterThan(100);
    inserted.push(...own);
  }
  expect(inserted.sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, i) => 100 + i));
});

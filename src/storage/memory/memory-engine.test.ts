import { expect, test } from "vitest";
import type { ByteRange } from "../../base/bytes.ts";
import { simpleCell, simpleKey, simpleRules } from "../simple-engine.oracle.ts";
import { testStorageEngine } from "../storage-engine.contract.ts";
import { createEngine } from "./memory-engine.contract.ts";

testStorageEngine("MemoryEngine", (rules) => createEngine({ rules }));

test("many rows that expire at one moment go in short steps, while others are untouched", () => {
  const { engine, wall } = createEngine();
  const expiring = simpleCell("v", wall.nowMs + 5000);
  const lasting = simpleCell("v", wall.nowMs + 50_000);
  const rows = 40_000;
  for (let i = 0; i < rows; i++) engine.put(simpleKey(`key ${i}`), i % 10 === 0 ? lasting : expiring);
  wall.nowMs += 5000;
  let steps = 0;
  while (engine.dropExpired(wall.nowMs, 500) > 0) steps++;
  expect(steps).toBeLessThanOrEqual(rows / 500);
  expect(engine.counts(0)).toEqual({ rows: rows / 10, expiring: rows / 10 });
});

test("rows that are due are found without looking at the rest", () => {
  let looks = 0;
  const rules = {
    ...simpleRules,
    isCollectible: (cell: ByteRange, wallMs: number) => simpleRules.isCollectible(cell, wallMs),
  };
  const { engine, wall } = createEngine({ rules });
  for (let i = 0; i < 50_000; i++) {
    engine.put(simpleKey(`key ${i}`), simpleCell("v", wall.nowMs + (i % 5000 === 7 ? 1000 : 1_000_000)));
  }
  rules.isCollectible = (cell, wallMs) => {
    looks++;
    return simpleRules.isCollectible(cell, wallMs);
  };
  expect(engine.dropExpired(wall.nowMs + 1000, 1000)).toBe(10);
  expect(looks).toBe(10);
});

test("a row that has expired but must stay is looked at once in a while only", () => {
  let looks = 0;
  const rules = {
    ...simpleRules,
    isCollectible: () => {
      looks++;
      return false;
    },
  };
  const { engine, wall } = createEngine({ rules });
  for (let i = 0; i < 100; i++) engine.put(simpleKey(`key ${i}`), simpleCell("v", wall.nowMs + 10));
  looks = 0;
  for (let step = 1; step <= 50; step++) engine.dropExpired(wall.nowMs + step * 100, 1000);
  expect(looks).toBeGreaterThanOrEqual(4 * 100);
  expect(looks).toBeLessThanOrEqual(6 * 100);
});

test("expiries years away, and a clock that jumps, lose no row and keep none", () => {
  const { engine, wall } = createEngine();
  const dayMs = 86_400_000;
  for (const days of [1, 20, 40, 400, 4000]) {
    engine.put(simpleKey(`in ${days} days`), simpleCell("v", wall.nowMs + days * dayMs));
  }
  const rowsAfter = (days: number): number => {
    engine.dropExpired(wall.nowMs + days * dayMs, 1000);
    return engine.counts(0).rows;
  };
  expect([0.5, 1, 19, 20].map(rowsAfter)).toEqual([5, 4, 4, 3]);
  expect(rowsAfter(-3000)).toBe(3); // the clock was wrong
  expect([39, 40, 399, 400, 3999, 4000].map(rowsAfter)).toEqual([3, 2, 2, 1, 1, 0]);
});

test("a deleted row that becomes collectible later is forgotten by maintenance", () => {
  const mayForget = { now: false };
  const rules = {
    ...simpleRules,
    isCollectible: ({ bytes, start, end }: ByteRange) =>
      end - start === 8 && bytes[start] === 0 && mayForget.now,
  };
  const { engine } = createEngine({ rules });
  for (let i = 0; i < 2000; i++) engine.put(simpleKey(`key ${i}`), simpleCell(i % 2 === 0 ? "" : "value"));
  for (let step = 0; step < 100; step++) engine.maintain();
  expect(engine.counts(0).rows).toBe(2000);
  mayForget.now = true;
  for (let step = 0; step < 100; step++) engine.maintain();
  expect(engine.counts(0).rows).toBe(1000);
});

test("maintenance comes to an end", () => {
  const { engine, wall } = createEngine();
  for (let i = 0; i < 20_000; i++) engine.put(simpleKey(`key ${i}`), simpleCell("x".repeat(i % 1500)));
  for (let i = 0; i < 20_000; i += 2) engine.put(simpleKey(`key ${i}`), simpleCell("", wall.nowMs));
  let steps = 0;
  while (engine.maintain()) steps++;
  expect(steps).toBeLessThan(1000);
});

test("rows that maintenance moves are seen by a scan exactly once", () => {
  const { engine, wall } = createEngine();
  for (let i = 0; i < 6000; i++) engine.put(simpleKey(`key ${i}`), simpleCell("x".repeat(1000)));
  const rows = engine.scan(new Uint8Array(0), undefined);
  const seen = new Set<string>();
  let count = 0;
  for (let step = 0; rows.next(); step++) {
    seen.add(Buffer.from(rows.key.bytes.subarray(rows.key.start + 6, rows.key.end)).toString());
    count++;
    engine.put(simpleKey(`key ${(step * 7) % 3000}`), simpleCell("", wall.nowMs));
    engine.maintain();
  }
  expect(seen.size).toBe(count);
  for (let i = 3000; i < 6000; i++) expect(seen.has(`key ${i}`)).toBe(true);
});

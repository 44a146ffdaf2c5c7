import { expect, test } from "vitest";
import { DatabaseMap } from "./database-map.ts";
import { DATABASE_COUNT } from "./settings.ts";

const numbersOf = (map: DatabaseMap): number[] =>
  Array.from({ length: DATABASE_COUNT }, (_, database) => map.physicalOf(database));

test("databases have their own numbers, until two are swapped", () => {
  const map = new DatabaseMap();
  expect(numbersOf(map)).toEqual(Array.from({ length: DATABASE_COUNT }, (_, i) => i));
  map.swap(0, 15);
  map.swap(15, 1);
  expect([0, 1, 15].map((database) => map.physicalOf(database))).toEqual([15, 0, 1]);
});

test("a new number is one that no database has, and that has been released since it was last used", () => {
  const map = new DatabaseMap();
  const inUse = new Set(numbersOf(map));
  map.onAbandoned = (physical) => expect(inUse.has(physical)).toBe(true);
  let renewed = 0;
  while (map.renew(renewed % DATABASE_COUNT)) {
    const physical = map.physicalOf(renewed++ % DATABASE_COUNT);
    expect(inUse.has(physical)).toBe(false);
    inUse.add(physical);
  }
  expect(renewed).toBe(255 - DATABASE_COUNT);
  map.release(3);
  expect(map.renew(5)).toBe(true);
  expect(map.physicalOf(5)).toBe(3);
});

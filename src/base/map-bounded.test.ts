import { expect, test } from "vitest";
import { mapBounded } from "./map-bounded.ts";

test("all items are worked on, a few at a time, and the results keep their order", async () => {
  let running = 0;
  let most = 0;
  const work = async (item: number): Promise<number> => {
    most = Math.max(most, ++running);
    for (let i = 0; i <= item % 5; i++) await undefined;
    running--;
    return item * 2;
  };
  const items = Array.from({ length: 40 }, (_, i) => i);
  expect(await mapBounded(items, 7, work)).toEqual(items.map((item) => item * 2));
  expect(most).toBe(7);
  expect(await mapBounded([], 7, work)).toEqual([]);
});

test("after a failure nothing more is begun", async () => {
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await undefined;
    if (item === 1) throw new Error("one");
  };
  await expect(mapBounded([0, 1, 2, 3, 4, 5], 2, work)).rejects.toThrow("one");
  expect(begun).toEqual([0, 1, 2]);
});

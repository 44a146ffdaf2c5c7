import { expect, test } from "vitest";
import { forEachAtOnce } from "./at-once.ts";

test("everything is done, in order of its beginning, and never more than so many at a time", async () => {
  const begun: number[] = [];
  let underWay = 0;
  let most = 0;
  await forEachAtOnce([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    begun.push(item);
    most = Math.max(most, ++underWay);
    for (let turns = item % 3; turns >= 0; turns--) await Promise.resolve();
    underWay--;
  });
  expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect([most, underWay]).toEqual([3, 0]);
});

test("a failure begins no more, and is told when the others are over", async () => {
  const over: number[] = [];
  const work = forEachAtOnce([1, 2, 3, 4, 5], 2, async (item) => {
    if (item === 1) throw new Error("of the first");
    await Promise.resolve();
    await Promise.resolve();
    over.push(item);
  });
  await expect(work).rejects.toThrow("of the first");
  expect(over).toEqual([2]);
});

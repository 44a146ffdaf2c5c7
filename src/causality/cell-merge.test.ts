import { expect, test } from "vitest";
import { EMPTY_CELL } from "./cell.ts";
import { merge } from "./cell-merge.ts";
import { ALICE, BOB, CAROL, dot, shown, stamp, value } from "./cell-samples.oracle.ts";
import {
  increment,
  overwrite,
  putWithContext,
  remove,
  removeWithContext,
  seenContext,
} from "./cell-write.ts";

test("merging with nothing, or with itself, changes nothing", () => {
  const cell = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  expect(merge(cell, EMPTY_CELL)).toEqual(cell);
  expect(merge(EMPTY_CELL, cell)).toEqual(cell);
  expect(merge(cell, { ...cell })).toEqual(cell);
});

test("two values each of which was deleted where the other was kept are both gone", () => {
  const x = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  const y = overwrite(undefined, value("y", stamp(BOB, 1, 20)));
  const both = merge(x, y);
  const onlyX = removeWithContext(both, seenContext(y));
  const onlyY = removeWithContext(both, seenContext(x));
  expect(merge(onlyX, onlyY)).toEqual(remove(both));
});

test("one actor's siblings stay apart by their dots", () => {
  const x = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  const both = putWithContext(x, seenContext(undefined), value("y", stamp(ALICE, 2, 20)));
  expect(merge(x, both)).toEqual(both);
});

test("of two absorptions of one run the larger stays, of two runs the later", () => {
  const one = increment(undefined, dot(ALICE, 1), 1n);
  const two = increment(one, dot(ALICE, 2), 10n);
  const three = increment(two, dot(ALICE, 3), 100n);
  const setAfterOne = overwrite(one, value("0", stamp(BOB, 1, 10)));
  const setAfterTwo = overwrite(two, value("0", stamp(CAROL, 1, 20)));
  expect(shown(merge(merge(three, setAfterOne), setAfterTwo))).toBe("100");
  expect(shown(merge(three, setAfterOne))).toBe("110");
  const anew = increment(remove(three), dot(ALICE, 9), 7n);
  expect(shown(merge(setAfterOne, anew))).toBe("7");
  expect(merge(setAfterOne, anew).absorbed).toEqual([]);
});

test("what the actor itself has forgotten is not brought back by one who remembers", () => {
  const run = increment(undefined, dot(ALICE, 1), 1n);
  const killedByBob = overwrite(run, value("0", stamp(BOB, 1, 10)));
  const forgotten = overwrite(killedByBob, value("5", stamp(ALICE, 2, 20)));
  expect(killedByBob.absorbed).toHaveLength(1);
  expect(merge(killedByBob, forgotten)).toEqual(forgotten);
  expect(merge(forgotten, run)).toEqual(forgotten);
});

import { expect, test } from "vitest";
import { toText, utf8 } from "../../../base/bytes.ts";
import { isSurelyNewer, newestCell, type RankedCell } from "./row-rank.ts";

const version = (level: number, age: number, text: string): RankedCell => ({
  rank: { level, age },
  cell: utf8(text),
});
const merge = (a: Uint8Array, b: Uint8Array): Uint8Array => utf8([toText(a), toText(b)].sort().join("+"));
const newest = (...versions: RankedCell[]): string => toText(newestCell(versions, merge));

test("of two tables one is surely newer if it is of a later segment and was not written for a lower level", () => {
  expect(isSurelyNewer({ level: 0, age: 7 }, { level: 0, age: 6 })).toBe(true);
  expect(isSurelyNewer({ level: 1, age: 7 }, { level: 3, age: 6 })).toBe(true);
  expect(isSurelyNewer({ level: 0, age: 6 }, { level: 0, age: 7 })).toBe(false);
  expect(isSurelyNewer({ level: 2, age: 7 }, { level: 1, age: 6 })).toBe(false);
  expect(isSurelyNewer({ level: 1, age: 6 }, { level: 1, age: 6 })).toBe(false);
});

test("nothing is sure of a table whose level or age is not known", () => {
  const known = { level: 1, age: 5 };
  for (const unknown of [
    { level: Number.NaN, age: 9 },
    { level: 0, age: Number.NaN },
  ]) {
    expect(isSurelyNewer(unknown, known)).toBe(false);
    expect(isSurelyNewer(known, unknown)).toBe(false);
  }
});

test("the newest version counts, also if the row is forgotten in it", () => {
  expect(newest(version(0, 3, "old"), version(0, 5, "new"), version(2, 2, "older"))).toBe("new");
  expect(newest(version(0, 5, ""), version(0, 3, "old"), version(2, 2, "older"))).toBe("");
  expect(newest(version(3, 1, "only"))).toBe("only");
});

test("versions that may each be the newest are merged, in whatever order they come", () => {
  const versions = [version(2, 7, "a"), version(1, 6, "b"), version(2, 5, "surely older")];
  expect(newest(...versions)).toBe("a+b");
  expect(newest(...versions.toReversed())).toBe("a+b");
});

test("what may be alive is not lost to a forgotten version that may be older", () => {
  expect(newest(version(2, 7, ""), version(1, 6, "alive"))).toBe("alive");
  expect(newest(version(2, 7, "alive"), version(1, 6, ""))).toBe("alive");
  expect(newest(version(2, 7, ""), version(1, 6, ""))).toBe("");
});

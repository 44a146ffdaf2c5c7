import { expect, test } from "vitest";
import { toText, utf8 } from "../base/bytes.ts";
import { type Cell, EMPTY_CELL, NEVER } from "./cell.ts";
import { merge } from "./cell-merge.ts";
import { ALICE, BOB, dot, shown, stamp, value } from "./cell-samples.oracle.ts";
import { liveAt, parseInteger, resolve, resolveAll } from "./cell-value.ts";
import { increment, overwrite } from "./cell-write.ts";

const set = (text: string, actor: bigint, wallMs: number, expiresAtMs = NEVER): Cell =>
  overwrite(undefined, value(text, stamp(actor, 1, wallMs), expiresAtMs));

test("nothing shows nothing", () => {
  expect(resolve(EMPTY_CELL, 0)).toBeUndefined();
});

test("the newest value shows; of two as new, the one with the greater dot, wherever it is asked", () => {
  expect(shown(merge(set("x", ALICE, 20), set("y", BOB, 10)))).toBe("x");
  expect(shown(merge(set("x", ALICE, 20), set("y", BOB, 20)))).toBe("y");
  expect(shown(merge(set("y", BOB, 20), set("x", ALICE, 20)))).toBe("y");
});

test("the logical part of the clock decides within a millisecond", () => {
  const { dot, hlc } = stamp(ALICE, 1, 10);
  const later = overwrite(undefined, value("x", { dot, hlc: { ...hlc, logical: 1 } }));
  expect(shown(merge(later, set("y", BOB, 10)))).toBe("x");
});

test("a value shows until its expiry, not at it", () => {
  const cell = set("x", ALICE, 10, 50);
  expect(resolve(cell, 49)).toMatchObject({ expiresAtMs: 50 });
  expect(resolve(cell, 50)).toBeUndefined();
});

test("when the newest value expires, the one concurrent to it shows", () => {
  const cell = merge(set("new", ALICE, 20, 50), set("old", BOB, 10));
  expect(shown(cell, 49)).toBe("new");
  expect(shown(cell, 50)).toBe("old");
  expect(liveAt(cell, 50)).toEqual({ ...cell, siblings: set("old", BOB, 10).siblings });
  expect(liveAt(cell, 49)).toBe(cell);
});

test("increments add to an integer, wait beside text, and stand for themselves without a value", () => {
  const five = increment(undefined, dot(ALICE, 7), 5n);
  expect(shown(five)).toBe("5");
  expect(shown(merge(five, set("-2", BOB, 10)))).toBe("3");
  expect(shown(merge(five, set("text", BOB, 10)))).toBe("text");
  expect(shown(merge(five, set("", BOB, 10)))).toBe("");
});

test("all values show newest first, each integer with the increments", () => {
  const five = increment(undefined, dot(1n, 7), 5n);
  const cell = merge(five, merge(set("10", ALICE, 10), merge(set("text", BOB, 20), set("20", 2n, 30))));
  expect(resolveAll(cell, 0).map(({ payload }) => toText(payload))).toEqual(["25", "text", "15"]);
});

test.each([
  ["0", 0n],
  ["-1", -1n],
  ["42", 42n],
  ["9223372036854775807", 2n ** 63n - 1n],
  ["-9223372036854775808", -(2n ** 63n)],
])("%s is an integer", (text, expected) => {
  expect(parseInteger(utf8(text))).toBe(expected);
});

test.each([
  ...["", "-", "-0", "00", "007", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "--1", "1-", "abc"],
  ...["9223372036854775808", "-9223372036854775809", "111111111111111111111"],
])("%j is no integer", (text) => {
  expect(parseInteger(utf8(text))).toBeUndefined();
});

import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { type Cell, EMPTY_CELL } from "./cell.ts";
import { decodeCell, encodeCell } from "./cell-codec.ts";
import { merge } from "./cell-merge.ts";
import { ALICE, BOB, dot, stamp, value } from "./cell-samples.oracle.ts";
import { increment, overwrite, putWithContext, remove } from "./cell-write.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const encoded = (cell: Cell): string => hex(encodeCell(cell));
const join = (...parts: string[]): string => parts.join("");

const A = "a000000000000001";
const B = "b000000000000002";
const T = 0x0102_0304_0506;
const EXPIRY = 0x0a0b_0c0d_0e0f;

test("one value is the compact form, as drawn", () => {
  const cell = overwrite(undefined, value("hi", stamp(ALICE, 7, T)));
  expect(encoded(cell)).toBe(join("01", "00", A, "070000000000", "060504030201", "0000", "6869"));
});

test("an expiry and what else was seen stand between header and payload", () => {
  const seen = overwrite(undefined, value("old", stamp(BOB, 3, 1)));
  const { dot, hlc } = stamp(ALICE, 7, T);
  const cell = overwrite(seen, value("hi", { dot, hlc: { ...hlc, logical: 0x1234 } }, EXPIRY));
  expect(encoded(cell)).toBe(
    join("01", "11", A, "070000000000", "060504030201", "3412", "0f0e0d0c0b0a", B, "030000000000", "6869"),
  );
});

test("siblings are in the general form, as drawn", () => {
  const one = overwrite(undefined, value("x", stamp(ALICE, 7, 5)));
  const other = overwrite(undefined, value("yz", stamp(BOB, 300, 6), 9));
  const context = join("02", A, "07", B, "ac02");
  const siblings = join(
    "02",
    "00",
    "07",
    "00",
    "05",
    "00",
    "01",
    "78",
    "01ac02",
    "02",
    "06",
    "00",
    "09",
    "02",
    "797a",
  );
  expect(encoded(merge(one, other))).toBe(join("02", "00", context, "00", siblings));
});

test("a deleted cell is its context, flagged", () => {
  const cell = remove(overwrite(undefined, value("x", stamp(ALICE, 7, 5))));
  expect(encoded(cell)).toBe(join("02", "02", "01", A, "07", "00", "00"));
  expect(encoded(EMPTY_CELL)).toBe(join("02", "02", "00", "00", "00"));
});

test("a run of increments says where it began and what of it was absorbed", () => {
  const early = increment(increment(undefined, dot(ALICE, 4), 2n), dot(ALICE, 6), 3n);
  const late = increment(early, dot(ALICE, 9), -1n);
  const cell = merge(late, overwrite(early, value("0", stamp(BOB, 1, 5), 8)));
  const context = join("02", A, "09", B, "01");
  const absorbed = join("01", "00", "04", "02", "0000000000000005");
  const run = join("00", "09", "01", "00", "00", "05", "0000000000000004");
  const set = join("01", "01", "02", "05", "00", "08", "01", "30");
  expect(encoded(cell)).toBe(join("02", "01", "080000000000", context, absorbed, "02", run, set));
});

test("more than 16 actors do not fit the compact form, and 16 do", () => {
  let cell: Cell | undefined;
  for (let i = 1; i <= 17; i++) {
    cell = overwrite(cell, value("x", stamp(BigInt(i), 1, 1)));
    expect(encodeCell(cell)[0]).toBe(i <= 16 ? 1 : 2);
    expect(decodeCell(encodeCell(cell))).toEqual(cell);
  }
});

test("a value beneath its actor's entry does not fit the compact form", () => {
  const first = overwrite(undefined, value("x", stamp(ALICE, 1, 1)));
  const both = putWithContext(first, EMPTY_CELL, value("y", stamp(ALICE, 2, 2)));
  const seen = overwrite(undefined, value("y", stamp(ALICE, 2, 2)));
  const left = { ...both, siblings: both.siblings.filter((sibling) => sibling.dot.counter === 1) };
  expect(encodeCell(left)[0]).toBe(2);
  expect(encodeCell(seen)[0]).toBe(1);
  expect(decodeCell(encodeCell(left))).toEqual(left);
});

test("a cell inside a larger buffer is read within its range", () => {
  const cell = overwrite(undefined, value("payload", stamp(ALICE, 7, 5)));
  const bytes = encodeCell(cell);
  const page = new Uint8Array(bytes.length + 20).fill(0xff);
  page.set(bytes, 10);
  expect(decodeCell(page, 10, 10 + bytes.length)).toEqual(cell);
});

const GENERAL_ONE = join("02", "00", "01", A, "07", "00");

const RUN = (counter: string, length: string): string =>
  join("00", counter, "01", "00", "00", length, "0000000000000001");
const ABSORBED = (first: string): string => join("01", "00", first, "00", "0000000000000001");

test.each([
  ["nothing", ""],
  ["an unknown format", "03"],
  ["a header cut short", join("01", "00", A, "0700")],
  ["unknown flags", join("01", "02", A, "070000000000", "000000000000", "0000")],
  ["counter 0", join("01", "00", A, "000000000000", "000000000000", "0000")],
  ["an expiry of NEVER", join("01", "01", A, "070000000000", "000000000000", "0000", "000000000000")],
  [
    "the writer among the others",
    join("01", "10", A, "070000000000", "000000000000", "0000", A, "010000000000"),
  ],
  ["the compact form's content", join(GENERAL_ONE, "01", "00", "07", "00", "05", "00", "01", "78")],
  ["a number in a long form", join("02", "02", "8000", "00", "00")],
  ["a number above 48 bits", join("02", "02", "01", A, "ffffffffffff7f", "00", "00")],
  ["two runs of one actor", join(GENERAL_ONE, "02", RUN("06", "00"), RUN("07", "00"))],
  ["an absorption of another run", join("02", "00", "01", A, "07", ABSORBED("04"), "01", RUN("07", "02"))],
  [
    "an absorption as long as the run",
    join("02", "00", "01", A, "07", ABSORBED("07"), "01", RUN("07", "00")),
  ],
  ["a run that begins before all counters", join(GENERAL_ONE, "01", RUN("07", "07"))],
  ["an absorption outside the context", join("02", "02", "01", A, "07", ABSORBED("08"), "00")],
  ["bytes after the end", join("02", "02", "00", "00", "00", "00")],
  ["a wrong deleted flag", join("02", "00", "00", "00", "00")],
  ["an expiry that no sibling has", join("02", "03", "010000000000", "00", "00", "00")],
  [
    "a sibling that the context does not cover",
    join(GENERAL_ONE, "01", "00", "08", "00", "05", "00", "01", "78"),
  ],
  [
    "a sibling of an actor not in the context",
    join(GENERAL_ONE, "01", "01", "07", "00", "05", "00", "01", "78"),
  ],
])("refuses %s", (_, text) => {
  expect(() => decodeCell(Buffer.from(text, "hex"))).toThrow(expect.objectContaining({ code: "CORRUPTION" }));
});

test("payloads of a decoded cell are views, not copies", () => {
  const bytes = encodeCell(overwrite(undefined, value("a", stamp(ALICE, 7, 5))));
  const cell = decodeCell(bytes);
  bytes[bytes.length - 1] = utf8("b")[0]!;
  expect(cell.siblings[0]).toMatchObject({ payload: utf8("b") });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { decodeCell, encodeCell } from "./cell-codec.ts";
import { anyCell } from "./cell-samples.oracle.ts";
import { cellNewestTime } from "./encoded-cell.ts";
import { compareHlc, HLC_ZERO, type Hlc } from "./hybrid-clock.ts";

test("every cell comes back as it was", () => {
  fc.assert(
    fc.property(anyCell, (cell) => {
      expect(decodeCell(encodeCell(cell))).toEqual(cell);
    }),
    { numRuns: 2000 },
  );
});

/** What is accepted is canonical; what is not is CORRUPTION, never another error and never an endless loop. */
function isRefusedOrCanonical(bytes: Uint8Array): void {
  let again: Uint8Array;
  try {
    again = encodeCell(decodeCell(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: "CORRUPTION", outcome: "not-applied" });
    return;
  }
  expect(again).toEqual(Uint8Array.from(bytes));
}

/** The newest time is told of what decodeCell takes, and of nothing else. */
function hasTimeExactlyIfSound(bytes: Uint8Array): void {
  let newest: Hlc | undefined;
  try {
    newest = decodeCell(bytes).siblings.reduce((a, { hlc }) => (compareHlc(a, hlc) < 0 ? hlc : a), HLC_ZERO);
  } catch {
    expect(() => cellNewestTime(bytes)).toThrow(StoreError);
    return;
  }
  expect(cellNewestTime(bytes)).toEqual(newest);
}

test("the newest time in a cell, or its damage, is found without decoding the compact form", () => {
  fc.assert(
    fc.property(anyCell, fc.nat(), fc.nat(255), (cell, position, byte) => {
      const bytes = encodeCell(cell);
      const at = position % bytes.length;
      hasTimeExactlyIfSound(bytes);
      hasTimeExactlyIfSound(bytes.map((own, i) => (i === at ? byte : own)));
      hasTimeExactlyIfSound(bytes.subarray(0, at));
    }),
    { numRuns: 3000 },
  );
});

test("any bytes are refused or canonical", () => {
  const formats = fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 60 }));
  fc.assert(
    fc.property(formats, ([format, rest]) => isRefusedOrCanonical(Uint8Array.of(format, ...rest))),
    {
      numRuns: 10_000,
    },
  );
});

test("a cell with any one byte changed, cut or added is refused or canonical", () => {
  fc.assert(
    fc.property(anyCell, fc.nat(), fc.nat(255), (cell, position, byte) => {
      const bytes = encodeCell(cell);
      const at = position % bytes.length;
      isRefusedOrCanonical(bytes.map((own, i) => (i === at ? byte : own)));
      isRefusedOrCanonical(bytes.subarray(0, at));
      isRefusedOrCanonical(Uint8Array.of(...bytes.subarray(0, at), byte, ...bytes.subarray(at)));
    }),
    { numRuns: 3000 },
  );
});

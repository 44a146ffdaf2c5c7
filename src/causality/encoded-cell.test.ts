import fc from "fast-check";
import { expect, test } from "vitest";
import { type Cell, NEVER } from "./cell.ts";
import { encodeCell } from "./cell-codec.ts";
import { merge } from "./cell-merge.ts";
import { ALICE, anyCell, BOB, CAROL, dot, stamp, value } from "./cell-samples.oracle.ts";
import { resolve } from "./cell-value.ts";
import { changeExpiry, increment, overwrite, remove, removeWithContext, seenContext } from "./cell-write.ts";
import { cellExpiresAtMs, deletionOf, hasLiveContent, isDeletedCell, mergeCells } from "./encoded-cell.ts";

const x = overwrite(undefined, value("x", stamp(ALICE, 1, 10), 50));
const y = overwrite(undefined, value("y", stamp(BOB, 1, 20), 70));
const xThenZ = overwrite(x, value("z", stamp(CAROL, 1, 30)));

/** In the middle of a larger buffer, as an engine shows it. */
function range(cell: Cell): { bytes: Uint8Array; start: number; end: number } {
  const bytes = encodeCell(cell);
  return { bytes: Uint8Array.of(0xff, ...bytes, 0xff), start: 1, end: 1 + bytes.length };
}

test("of two cells one of which has seen the other, that one is returned, not copied", () => {
  const old = encodeCell(x);
  const recent = encodeCell(xThenZ);
  expect(mergeCells(old, recent)).toBe(recent);
  expect(mergeCells(recent, old)).toBe(recent);
  expect(mergeCells(old, Uint8Array.from(old))).toBe(old);
});

test("concurrent cells are merged", () => {
  expect(mergeCells(encodeCell(y), encodeCell(xThenZ))).toEqual(encodeCell(merge(y, xThenZ)));
});

test("a cell with a larger context does not win over one that has deleted its value", () => {
  const both = merge(x, y);
  const onlyX = encodeCell(removeWithContext(both, seenContext(y)));
  const onlyY = encodeCell(removeWithContext(both, seenContext(x)));
  expect(mergeCells(onlyX, onlyY)).toEqual(encodeCell(remove(both)));
  expect(mergeCells(onlyY, onlyX)).toEqual(encodeCell(remove(both)));
});

test("the deletion of a cell wins over it, never expires, and leaves concurrent writes", () => {
  for (const cell of [x, merge(x, y), increment(x, dot(BOB, 1), 5n)]) {
    const deletion = deletionOf(range(cell));
    const deleted = { bytes: deletion, start: 0, end: deletion.length };
    expect([isDeletedCell(deleted), cellExpiresAtMs(deleted)]).toEqual([true, NEVER]);
    expect(mergeCells(encodeCell(cell), deletion)).toEqual(deletion);
    expect(deletionOf(deleted)).toEqual(deletion);
  }
  const others = mergeCells(deletionOf(range(x)), encodeCell(merge(x, y)));
  expect(others).toEqual(encodeCell(merge(remove(x), y)));
});

/** Few actors and small counters, so that contexts often cover each other. */
const anyCompact: fc.Arbitrary<Cell> = fc
  .tuple(
    fc.uniqueArray(fc.nat(3), { minLength: 1 }),
    fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
  )
  .map(([actors, counters]) => {
    const context = actors.map((actor, i) => dot(BigInt(actor), counters[i]!));
    const { siblings } = overwrite(
      undefined,
      value("v", { dot: context[0]!, hlc: { wallMs: 1, logical: 0 } }),
    );
    return { context: context.sort((a, b) => (a.actor < b.actor ? -1 : 1)), siblings, absorbed: [] };
  });

test("any two cells merge as their decoded forms do", () => {
  const any = fc.oneof(anyCell, { arbitrary: anyCompact, weight: 4 });
  fc.assert(
    fc.property(any, any, (a, b) => {
      expect(mergeCells(encodeCell(a), encodeCell(b))).toEqual(encodeCell(merge(a, b)));
    }),
    { numRuns: 3000 },
  );
});

test("a cell expires when its last sibling does, and never if one never does", () => {
  expect(cellExpiresAtMs(range(x))).toBe(50);
  expect(cellExpiresAtMs(range(xThenZ))).toBe(NEVER);
  expect(cellExpiresAtMs(range(merge(x, y)))).toBe(70);
  expect(cellExpiresAtMs(range(merge(y, xThenZ)))).toBe(NEVER);
  expect(cellExpiresAtMs(range(increment(x, dot(BOB, 1), 1n)))).toBe(50);
  expect(cellExpiresAtMs(range(remove(x)))).toBe(NEVER);
});

test("a deleted cell has no live content, an expired one no longer", () => {
  expect(hasLiveContent(range(remove(x)), 0)).toBe(false);
  for (const cell of [
    x,
    merge(x, y),
    changeExpiry(increment(undefined, dot(BOB, 1), 1n), stamp(BOB, 2, 1), 60),
  ]) {
    for (const wallMs of [49, 50, 59, 60, 69, 70]) {
      expect(hasLiveContent(range(cell), wallMs)).toBe(resolve(cell, wallMs) !== undefined);
    }
  }
});

test("malformed bytes are CORRUPTION, not a wrong cell", () => {
  expect(() => mergeCells(Uint8Array.of(9), encodeCell(x))).toThrow(
    expect.objectContaining({ code: "CORRUPTION" }),
  );
});

import { expect, test } from "vitest";
import type { TableEntry } from "../manifest/table-entry.ts";
import { Version } from "../manifest/version.ts";
import { keyAt, sampleTable } from "../manifest/version-samples.oracle.ts";
import { type Compaction, DEFAULT_PICKER_SETTINGS, debtBytes, pickCompaction, pickerFor } from "./picker.ts";

const settings = { level0Count: 4, level1Bytes: 4000, levelRatio: 10, level0BytesMax: 100_000 };

function table(number: number, level: number, first: number, last: number, rest: Partial<TableEntry> = {}) {
  return sampleTable(number, level, keyAt(first), keyAt(last), rest);
}

function pick(
  added: TableEntry[],
  {
    busy = [],
    horizonMs = 0,
    limits = settings,
  }: { busy?: number[]; horizonMs?: number; limits?: typeof settings } = {},
): (Omit<Compaction, "inputs"> & { inputs: number[] }) | undefined {
  const version = Version.empty.apply({ added });
  const compaction = pickCompaction({ version, busy: new Set(busy), horizonMs }, limits);
  return compaction && { ...compaction, inputs: compaction.inputs.map(({ number }) => number) };
}

const level0 = [1, 2, 3, 4].map((number) => table(number, 0, number, 50 + number));

test("nothing is due in small levels", () => {
  expect(pick([])).toBeUndefined();
  expect(pick([...level0.slice(1), table(5, 1, 0, 99)])).toBeUndefined();
});

test("four tables in level 0 are merged with what is in their way, the newest first", () => {
  const run = [table(5, 1, 0, 0), table(6, 1, 1, 30), table(7, 1, 54, 80), table(8, 1, 81, 90)];
  expect(pick([...level0, ...run])).toEqual({ kind: "merge", targetLevel: 1, inputs: [4, 3, 2, 1, 6, 7] });
});

test("of too much in level 0, the oldest are taken", () => {
  const limits = { ...settings, level0BytesMax: 2000 };
  expect(pick(level0, { limits })).toEqual({ kind: "merge", targetLevel: 1, inputs: [2, 1] });
});

test("large tables make level 0 due before there are four", () => {
  const large = { fileBytes: 2500 };
  expect(pick([table(1, 0, 0, 9, large), table(2, 0, 0, 9, large)])?.inputs).toEqual([2, 1]);
});

test("while one compaction of level 0 runs, there is no other", () => {
  const more = [5, 6, 7, 8].map((number) => table(number, 0, 0, 99));
  expect(pick([...level0, ...more], { busy: [1, 2, 3, 4] })).toBeUndefined();
});

test("what another compaction reads is left alone, and what would write beside it waits", () => {
  expect(pick([...level0, table(6, 1, 1, 30)], { busy: [6] })).toBeUndefined();
});

test("a level that is too large gives the table that drags the least along", () => {
  const run = [1, 2, 3, 4, 5].map((number) => table(number, 1, 10 * number, 10 * number + 9));
  const below = [
    table(6, 2, 10, 35),
    table(7, 2, 36, 45),
    table(8, 2, 46, 47),
    table(9, 2, 48, 49),
    table(10, 2, 50, 99),
  ];
  expect(pick([...run, ...below])).toEqual({ kind: "merge", targetLevel: 2, inputs: [1, 6] });
  expect(pick([...run, ...below], { busy: [6] })?.inputs).toEqual([5, 10]);
});

test("what nothing is in the way of is moved", () => {
  const run = [1, 2, 3, 4, 5].map((number) => table(number, 1, 10 * number, 10 * number + 9));
  const below = [table(6, 2, 10, 25), table(7, 2, 36, 99)];
  expect(pick([...run, ...below])?.kind).toBe("merge");
  expect(pick([...run, table(6, 2, 10, 25), table(7, 2, 50, 99)])).toEqual({
    kind: "move",
    targetLevel: 2,
    inputs: [3],
  });
});

test("the level most in need comes first", () => {
  const run = Array.from({ length: 20 }, (_, i) => table(100 + i, 1, i, i));
  expect(pick([...level0, ...run])?.inputs).toEqual([100]);
  const more = Array.from({ length: 40 }, (_, i) => table(5 + i, 0, 0, 99));
  expect(pick([...level0, ...more, ...run])?.targetLevel).toBe(1);
});

const dead = (rest: object) => ({
  properties: { ...table(1, 1, 0, 9).properties, rowCount: 10, ...rest },
});

test("a table half of whose rows are forgotten is rewritten, once they may be dropped", () => {
  const properties = { tombstoneCount: 5, newestWallMs: 700 };
  const tables = [table(1, 3, 0, 9, dead(properties)), table(2, 4, 10, 20)];
  expect(pick(tables, { horizonMs: 699 })).toBeUndefined();
  expect(pick(tables, { horizonMs: 700 })).toEqual({ kind: "merge", targetLevel: 3, inputs: [1] });
  expect(pick([{ ...tables[0]!, horizonMs: 700 }], { horizonMs: 800 })).toBeUndefined();
  expect(pick(tables, { horizonMs: 0 })).toBeUndefined();
});

test("so is all of level 0, however small, with what it makes room for", () => {
  const few = [table(2, 0, 0, 9, dead({ tombstoneCount: 5, newestWallMs: 700 })), table(1, 0, 20, 30)];
  expect(pick([...few, table(3, 1, 25, 60)], { horizonMs: 700 })).toEqual({
    kind: "merge",
    targetLevel: 1,
    inputs: [2, 1, 3],
  });
  expect(pick(few, { horizonMs: 699 })).toBeUndefined();
});

test("over older rows, dead ones are merged down", () => {
  const tables = [
    table(1, 2, 0, 9, dead({ tombstoneCount: 9, newestWallMs: 700 })),
    table(2, 3, 0, 3),
    table(3, 4, 4, 9),
  ];
  expect(pick(tables, { horizonMs: 700 })).toEqual({ kind: "merge", targetLevel: 3, inputs: [1, 2] });
  expect(pick([tables[0]!, tables[2]!], { horizonMs: 700 })).toEqual({
    kind: "merge",
    targetLevel: 3,
    inputs: [1],
  });
});

test("a table with fewer dead rows stays", () => {
  const tables = [table(1, 2, 0, 9, dead({ tombstoneCount: 4, newestWallMs: 700 }))];
  expect(pick(tables, { horizonMs: 9000 })).toBeUndefined();
});

test("the debt is what has to be rewritten", () => {
  const debtOf = (added: TableEntry[]) => debtBytes(Version.empty.apply({ added }), settings);
  expect(debtOf(level0.slice(1))).toBe(0);
  expect(debtOf(level0)).toBe(4000);
  const run = Array.from({ length: 6 }, (_, i) => table(10 + i, 1, i, i));
  expect(debtOf(run)).toBe(2000);
  expect(debtOf([...run, table(30, 2, 0, 50, { fileBytes: 30_000 })])).toBe(2000 + 20_000);
  expect(debtOf([...level0, ...run])).toBe(4000 + 6000);
});

test("level 1 takes in as many memtables as level 0 before it is full, but is never smaller than usual", () => {
  const MIB = 1024 * 1024;
  expect(pickerFor(MIB)).toEqual(DEFAULT_PICKER_SETTINGS);
  const { level1Bytes, ...rest } = pickerFor(256 * MIB);
  expect(level1Bytes).toBe(1024 * MIB);
  expect({ ...DEFAULT_PICKER_SETTINGS, ...rest }).toEqual(DEFAULT_PICKER_SETTINGS);
});

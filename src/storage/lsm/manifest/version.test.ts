import { expect, test } from "vitest";
import { probeOf } from "../table/table-samples.oracle.ts";
import type { TableEntry } from "./table-entry.ts";
import { Version, type VersionEdit } from "./version.ts";
import { VersionPins } from "./version-pins.ts";
import { keyAt, layoutOf, sampleTable } from "./version-samples.oracle.ts";

const versionOf = (...added: TableEntry[]): Version => Version.empty.apply({ added });
const table = (number: number, level: number, first: number, last: number): TableEntry =>
  sampleTable(number, level, keyAt(first), keyAt(last));

function candidates(version: Version, position: number): number[] {
  const into: TableEntry[] = [];
  const count = version.candidates(probeOf(keyAt(position)), into);
  return into.slice(0, count).map(({ number }) => number);
}

test("level 0 is ordered by age, whatever the numbers; the others by row key", () => {
  const aged = { ...table(9, 0, 0, 9), age: 1 };
  const version = versionOf(aged, table(2, 0, 0, 9), table(3, 2, 50, 60), table(4, 2, 10, 20));
  expect(layoutOf(version)).toEqual([[2, 9], [], [4, 3], [], [], [], []]);
});

test("a row is looked for where it may be, the newest first", () => {
  const version = versionOf(
    table(1, 3, 0, 100),
    table(2, 1, 0, 10),
    table(3, 1, 11, 20),
    table(4, 0, 5, 15),
    table(5, 0, 0, 11),
  );
  expect(candidates(version, 0)).toEqual([5, 2, 1]);
  expect(candidates(version, 10)).toEqual([5, 4, 2, 1]);
  expect(candidates(version, 11)).toEqual([5, 4, 3, 1]);
  expect(candidates(version, 20)).toEqual([3, 1]);
  expect(candidates(version, 21)).toEqual([1]);
  expect(candidates(version, 101)).toEqual([]);
});

test("keys that agree in their first bytes are told apart", () => {
  const [a, b, c] = [1, 2, 3].map((last) => Uint8Array.of(...keyAt(7), last));
  const version = versionOf(sampleTable(1, 1, keyAt(7), a!), sampleTable(2, 1, c!, c!));
  const into: TableEntry[] = [];
  const found = [keyAt(7), a!, b!, c!].map((key) =>
    version.candidates(probeOf(key), into) === 0 ? 0 : into[0]!.number,
  );
  expect(found).toEqual([1, 1, 0, 2]);
});

test("an edit makes another version and leaves the old one as it is", () => {
  const before = versionOf(table(1, 0, 0, 9), table(2, 1, 0, 9));
  const after = before.apply({ removed: [1, 2], added: [table(3, 2, 0, 9)], flushedLog: 4 });
  expect(layoutOf(before).slice(0, 3)).toEqual([[1], [2], []]);
  expect(layoutOf(after).slice(0, 3)).toEqual([[], [], [3]]);
  expect([before.flushedLog, after.flushedLog]).toEqual([0, 4]);
  expect(after.nextFile).toBe(4);
});

test("a table moves by one edit", () => {
  const before = versionOf(table(1, 1, 0, 9));
  const after = before.apply({ removed: [1], added: [{ ...before.level(1)[0]!, level: 2 }] });
  expect(layoutOf(after).slice(0, 3)).toEqual([[], [], [1]]);
});

test.each<[string, VersionEdit]>([
  ["tables of one level that share a key", { added: [table(2, 1, 9, 12)] }],
  ["removing what is not there", { removed: [7] }],
  ["adding what is there", { added: [table(1, 0, 0, 1)] }],
  ["a level too deep", { added: [table(2, 7, 0, 1)] }],
])("%s: a bug of the caller", (_, edit) => {
  expect(() => versionOf(table(1, 1, 0, 9)).apply(edit)).toThrow();
});

test("a version is the edit that makes it", () => {
  const version = versionOf(table(1, 0, 0, 9), table(2, 3, 0, 9)).apply({ flushedLog: 5, nextFile: 70 });
  expect(Version.empty.apply(version.asEdit())).toEqual(version);
});

test("files are obsolete when no version that somebody reads has them", () => {
  const obsolete: number[] = [];
  const pins = new VersionPins(versionOf(table(1, 0, 0, 9), table(2, 0, 0, 9)), (tables) => {
    obsolete.push(...tables.map(({ number }) => number));
  });
  const first = pins.pin();
  const again = pins.pin();
  pins.install(pins.version.apply({ removed: [1], added: [table(3, 1, 0, 9)] }));
  const second = pins.pin();
  pins.install(pins.version.apply({ removed: [2] }));
  expect(obsolete).toEqual([]);
  first.release();
  first.release();
  expect(obsolete).toEqual([]);
  again.release();
  expect(obsolete).toEqual([1]);
  second.release();
  expect(obsolete).toEqual([1, 2]);
  pins.pin().release();
  expect(obsolete).toEqual([1, 2]);
  pins.install(Version.empty);
  expect(obsolete).toEqual([1, 2, 3]);
});

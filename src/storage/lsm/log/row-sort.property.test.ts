/** Sorted rows are those of a plain sort, whatever their keys begin with; runs that grow hold the same. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { toText, utf8 } from "../../../base/bytes.ts";
import { PlainKey } from "../../plain-key.ts";
import { Memtable } from "./memtable.ts";
import { RunScan } from "./run-scan.ts";
import { Segment } from "./segment.ts";

const NOTHING = { flags: 0, hashLow: 0, hashHigh: 0 };
/** Few letters, and many that go on alike: so that there are ties, beginnings and equal keys. */
const anyKey = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", "\0"), maxLength: 4 }),
  fc.nat({ max: 300 }).map((number) => `entry:with:a:name:${number}`),
  fc.nat({ max: 300 }).map((length) => "x".repeat(length)),
);

function put(memtable: Memtable, key: string, value: string): void {
  const rowKey = new PlainKey(1);
  rowKey.encodeText(key);
  const bytes = utf8(value);
  memtable.put(rowKey, { bytes, start: 0, end: bytes.length }, NOTHING);
}

/** Newest run first: a key that has been seen counts no more. */
function rowsOf(memtable: Memtable, runs: readonly Int32Array[]): Map<string, string> {
  const rows = new Map<string, string>();
  for (const run of [...runs].reverse()) {
    const scan = new RunScan(memtable.segment, run, new Uint8Array(0), undefined, false);
    let before: string | undefined;
    while (scan.next()) {
      const key = toText(scan.key.bytes.slice(scan.key.start + 6, scan.key.end));
      if (before !== undefined) expect(Buffer.compare(utf8(before), utf8(key))).toBeLessThan(0);
      before = key;
      if (!rows.has(key)) rows.set(key, toText(scan.cell.bytes.slice(scan.cell.start, scan.cell.end)));
    }
  }
  return rows;
}

test("runs are sorted, and hold of each key the newest row there was, however often they are asked for", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(anyKey, { maxLength: 200, size: "max" }), { maxLength: 8 }),
      fc.boolean(),
      (steps, seals) => {
        const memtable = new Memtable(new Segment(1, new SharedArrayBuffer(1 << 20)));
        const model = new Map<string, string>();
        const moments: { runs: readonly Int32Array[]; rows: Map<string, string> }[] = [];
        for (const [number, keys] of steps.entries()) {
          for (const [i, key] of keys.entries()) {
            const value = `${number}.${i}`;
            put(memtable, key, value);
            model.set(key, value);
          }
          if (seals) memtable.segment.seal();
          moments.push({ runs: memtable.plainRows.runs(), rows: new Map(model) });
        }
        for (const { runs, rows } of moments) expect(rowsOf(memtable, runs)).toEqual(rows);
        const rowCounts = (moments.at(-1)?.runs ?? []).map((run) => run.length);
        for (let i = 1; i < rowCounts.length; i++)
          expect(rowCounts[i - 1]).toBeGreaterThanOrEqual(4 * rowCounts[i]!);
      },
    ),
    { numRuns: 60 },
  );
});

test("keys that are each other's beginnings are sorted without end of the stack", () => {
  const memtable = new Memtable(new Segment(1, new SharedArrayBuffer(1 << 26)));
  const count = 5000;
  for (let length = count; length > 0; length--) put(memtable, "a".repeat(length), "");
  const [run] = memtable.plainRows.runs();
  expect(run!.length).toBe(count);
  expect(memtable.segment.keyLength(run![0]!)).toBe(7);
  expect(memtable.segment.keyLength(run!.at(-1)!)).toBe(count + 6);
});

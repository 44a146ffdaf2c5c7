/** The algebra that repair rests on: sums of parts are the sum of the whole, however rows came and went. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Hash64 } from "./byte-hash.ts";
import { leafOfRow, MerkleSummary } from "./merkle-summary.ts";
import { type Row, rangeOf, sampleCell, sampleKey, sampleTraits } from "./table-samples.oracle.ts";
import { hashVersion } from "./version-hash.ts";

const NO_VERSION: Hash64 = { low: 0, high: 0 };
const ORIGIN = { path: "/t", offset: 0 };

const anyRow = fc
  .tuple(fc.nat({ max: 40 }), fc.nat({ max: 5 }))
  .map(
    ([name, version]): Row => ({ key: sampleKey(`${name}`), cell: sampleCell("x", { wallMs: version + 1 }) }),
  );
const anyRows = fc.array(anyRow, { maxLength: 60 });
const anySummary = anyRows.map(summaryOf);

function summaryOf(rows: Iterable<Row>): MerkleSummary {
  const summary = new MerkleSummary();
  for (const { key, cell } of rows) summary.addRow(rangeOf(key), rangeOf(cell), sampleTraits);
  return summary;
}

function versionOf({ key, cell }: Row): Hash64 {
  const hash = { low: 0, high: 0 };
  hashVersion(hash, rangeOf(key), rangeOf(cell), sampleTraits);
  return hash;
}

function sum(...summaries: readonly MerkleSummary[]): MerkleSummary {
  const total = new MerkleSummary();
  for (const summary of summaries) total.addSummary(summary);
  return total;
}

test("an encoded summary is read as it was, and equal ones have equal bytes", () => {
  fc.assert(
    fc.property(anySummary, anySummary, (a, b) => {
      expect(MerkleSummary.decode(a.encode(), ORIGIN).equals(a)).toBe(true);
      const there = sum(a, b);
      there.subtractSummary(b);
      expect(there.encode()).toEqual(a.encode());
    }),
  );
});

test("adding is commutative, and summaries are equal just if all leaves are", () => {
  fc.assert(
    fc.property(anySummary, anySummary, (a, b) => {
      expect(sum(a, b).equals(sum(b, a))).toBe(true);
      expect(a.equals(b)).toBe(Buffer.compare(a.encode(), b.encode()) === 0);
    }),
  );
});

test("tables and the memtable's overlay add up to a full scan, whatever was flushed when", () => {
  const anyWrites = fc.array(fc.record({ row: anyRow, flushes: fc.boolean() }), {
    size: "max",
    maxLength: 100,
  });
  fc.assert(
    fc.property(anyWrites, (writes) => {
      const newest = new Map<string, Row>();
      let tables = new MerkleSummary();
      let memtable = new Map<string, { row: Row; superseded: Hash64 }>();
      for (const { row, flushes } of writes) {
        const name = Buffer.from(row.key).toString("hex");
        const older = newest.get(name);
        const inherited = memtable.get(name)?.superseded;
        memtable.set(name, { row, superseded: inherited ?? (older ? versionOf(older) : NO_VERSION) });
        newest.set(name, row);
        if (!flushes) continue;
        tables = sum(tables, overlayOf(memtable.values()));
        memtable = new Map();
      }
      expect(sum(tables, overlayOf(memtable.values())).equals(summaryOf(newest.values()))).toBe(true);
    }),
  );
});

function overlayOf(entries: Iterable<{ row: Row; superseded: Hash64 }>): MerkleSummary {
  const overlay = new MerkleSummary();
  const rest = [...entries];
  const rows = {
    key: rangeOf(new Uint8Array(0)),
    cell: rangeOf(new Uint8Array(0)),
    superseded: NO_VERSION,
    next(): boolean {
      const entry = rest.pop();
      if (entry === undefined) return false;
      rows.key = rangeOf(entry.row.key);
      rows.cell = rangeOf(entry.row.cell);
      rows.superseded = entry.superseded;
      return true;
    },
  };
  overlay.addOverlay(rows, sampleTraits);
  return overlay;
}

test("a summary may be cut into ranges of leaves that add up to it", () => {
  fc.assert(
    fc.property(anySummary, fc.nat({ max: 16384 * 64 }), (summary, border) => {
      const [below, above] = [new MerkleSummary(), new MerkleSummary()];
      below.addSummary(summary, 0, border);
      above.addSummary(summary, border);
      expect(sum(below, above).equals(summary)).toBe(true);
      below.forEachLeaf((leaf) => expect(leaf).toBeLessThan(border));
      above.forEachLeaf((leaf) => expect(leaf).toBeGreaterThanOrEqual(border));
    }),
  );
});

test("a row's leaf is its slot and the top 6 bits of its position", () => {
  expect(leafOfRow(Uint8Array.of(0x3f, 0xff, 0, 0xfc, 0x12), 0)).toBe(16383 * 64 + 63);
  expect(leafOfRow(Uint8Array.of(9, 0, 1, 0, 7, 0xff, 0xff), 1)).toBe(1 * 64 + 1);
});

test("the version matters, the payload does not", () => {
  const key = sampleKey("a");
  const of = (payload: string, wallMs: number) => summaryOf([{ key, cell: sampleCell(payload, { wallMs }) }]);
  expect(of("one", 1).equals(of("two", 1))).toBe(true);
  expect(of("one", 1).equals(of("one", 2))).toBe(false);
});

test("what cannot have been encoded is refused", () => {
  const bytes = summaryOf([{ key: sampleKey("a"), cell: sampleCell("x") }]).encode();
  const longer = Uint8Array.of(...bytes, 0);
  const farther = Uint8Array.of(1, 0xff, 0xff, 0xff, 0x7f, ...new Uint8Array(8));
  for (const wrong of [bytes.subarray(0, -1), longer, farther, new Uint8Array(0)]) {
    expect(() => MerkleSummary.decode(wrong, ORIGIN)).toThrow(
      expect.objectContaining({ code: "CORRUPTION" }),
    );
  }
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes, utf8 } from "../../../base/bytes.ts";
import { RowKey, slotOfRow } from "../../row-key.ts";
import { Memtable } from "./memtable.ts";
import { MemtableScan } from "./memtable-scan.ts";
import { Segment, type Superseded } from "./segment.ts";

const SEGMENT_BYTES = 1 << 20;
const rowKey = new RowKey(7);
const nothing: Superseded = { flags: 0, hashLow: 0, hashHigh: 0 };

function memtable(): Memtable {
  return new Memtable(new Segment(1, new SharedArrayBuffer(SEGMENT_BYTES)));
}

function aim(key: string): RowKey {
  const bytes = utf8(key);
  rowKey.encode(0, bytes, 0, bytes.length);
  return rowKey;
}

function put(table: Memtable, key: string, value: string, superseded = nothing): void {
  const bytes = utf8(value);
  table.put(aim(key), { bytes, start: 0, end: bytes.length }, superseded);
}

function get(table: Memtable, key: string): string | undefined {
  const range = { bytes: new Uint8Array(0), start: 0, end: 0 };
  return table.get(aim(key), range) ? textOf(range.bytes.slice(range.start, range.end)) : undefined;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

function rowsOf(scan: MemtableScan): [Uint8Array, string][] {
  const rows: [Uint8Array, string][] = [];
  while (scan.next()) {
    const { key, cell } = scan;
    rows.push([key.bytes.slice(key.start, key.end), textOf(cell.bytes.slice(cell.start, cell.end))]);
  }
  return rows;
}

function sortedRows(model: ReadonlyMap<string, string>): [Uint8Array, string][] {
  const rows = [...model].map(([key, value]): [Uint8Array, string] => [aim(key).copy(), value]);
  return rows.sort(([a], [b]) => compareBytes(a, b));
}

const keys = fc.oneof(
  fc.nat({ max: 30 }).map((number) => `key ${number}`),
  fc.nat({ max: 10 }).map((number) => `{one slot}${number}`),
  fc.string({ maxLength: 200 }),
);
const writes = fc.tuple(keys, fc.string({ maxLength: 100 }), fc.nat({ max: 9 }));

test("it is a map, and its scans are sorted and see one moment, whatever is put and sealed", () => {
  fc.assert(
    fc.property(fc.array(writes, { maxLength: 200 }), fc.nat({ max: 200 }), (list, pauseAt) => {
      const table = memtable();
      const model = new Map<string, string>();
      let paused: { scan: MemtableScan; expected: [Uint8Array, string][] } | undefined;
      list.forEach(([key, value, dice], i) => {
        put(table, key, value);
        model.set(key, value);
        if (dice === 0) table.segment.seal();
        if (i === pauseAt) {
          paused = {
            scan: new MemtableScan(table, new Uint8Array(0), undefined),
            expected: sortedRows(model),
          };
        }
      });
      for (const [key, value] of model) expect(get(table, key)).toBe(value);
      expect(get(table, "never put, and longer than the others")).toBeUndefined();
      expect(table.rowCount).toBe(model.size);
      expect(rowsOf(new MemtableScan(table, new Uint8Array(0), undefined))).toEqual(sortedRows(model));
      if (paused !== undefined) expect(rowsOf(paused.scan)).toEqual(paused.expected);
    }),
    { numRuns: 200 },
  );
});

test("a scan keeps to its range", () => {
  fc.assert(
    fc.property(fc.array(writes, { maxLength: 60 }), keys, keys, (list, first, last) => {
      const table = memtable();
      const model = new Map<string, string>();
      for (const [key, value] of list) {
        put(table, key, value);
        model.set(key, value);
      }
      const [from, to] = [aim(first).copy(), aim(last).copy()].sort(compareBytes);
      const expected = sortedRows(model).filter(
        ([key]) => compareBytes(key, from!) >= 0 && compareBytes(key, to!) < 0,
      );
      expect(rowsOf(new MemtableScan(table, from!, to))).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});

test("a row keeps what its key's first row here superseded, however often it is overwritten", () => {
  const table = memtable();
  put(table, "a", "1", { flags: 3, hashLow: 11, hashHigh: 22 });
  table.segment.seal();
  put(table, "a", "longer", { flags: 0, hashLow: 1, hashHigh: 1 });
  put(table, "a", "LONGER", nothing);
  const superseded = { flags: 0, hashLow: 0, hashHigh: 0 };
  table.segment.supersededInto(table.find(aim("a")), superseded);
  expect(superseded).toEqual({ flags: 3, hashLow: 11, hashHigh: 22 });
});

test("a row of the open batch is overwritten in place, a sealed or a frozen one is not", () => {
  const table = memtable();
  put(table, "a", "1");
  const { tail } = table.segment;
  put(table, "a", "2");
  expect(table.segment.tail).toBe(tail);
  new MemtableScan(table, new Uint8Array(0), undefined);
  put(table, "a", "3");
  expect(table.segment.tail).toBeGreaterThan(tail);
  table.segment.seal();
  const sealed = table.segment.tail;
  put(table, "a", "4");
  expect(table.segment.tail).toBeGreaterThan(sealed);
  expect(get(table, "a")).toBe("4");
});

test("keys whose hashes are the same are two rows, put or adopted", () => {
  const [first, second] = ["{same}02znn", "{same}03sbj"] as const;
  const { hash } = aim(first);
  expect(aim(second).hash).toBe(hash);
  const table = memtable();
  put(table, first, "1");
  put(table, second, "2");
  const adopting = new Memtable(table.segment);
  for (const key of [first, second]) adopting.adopt(table.find(aim(key)), aim(key).hash);
  for (const each of [table, adopting]) {
    expect(each.rowCount).toBe(2);
    expect([get(each, first), get(each, second)]).toEqual(["1", "2"]);
  }
});

test("a key that is written again and again makes no long way through its slot", () => {
  const table = memtable();
  put(table, "{one slot}a", "1");
  for (let i = 0; i < 1000; i++) {
    put(table, "{one slot}b", `${i}`);
    table.segment.seal();
  }
  put(table, "{one slot}c", "1");
  let steps = 0;
  const slot = slotOfRow(aim("{one slot}a").bytes, 0);
  for (let offset = table.heads[slot]!; offset !== 0; offset = table.segment.link(offset)) steps++;
  expect(steps).toBe(3);
  expect(rowsOf(new MemtableScan(table, new Uint8Array(0), undefined))).toHaveLength(3);
});

test("a large slot is sorted once for many scans, until a row is put into it", () => {
  const table = memtable();
  const keys = Array.from({ length: 1000 }, (_, i) => `{one slot}${i}`);
  for (const key of keys) put(table, key, "1");
  const firstAfter = (from: Uint8Array): Uint8Array | undefined => {
    const scan = new MemtableScan(table, from, undefined);
    return scan.next() ? scan.key.bytes.slice(scan.key.start, scan.key.end) : undefined;
  };
  const sorted = keys.map((key) => aim(key).copy()).sort(compareBytes);
  for (const key of sorted) expect(firstAfter(key)).toEqual(key);
  const kept = table.sortedSlot;
  firstAfter(sorted[500]!);
  expect(table.sortedSlot?.offsets).toBe(kept?.offsets);
  const added = aim("{one slot}added").copy();
  put(table, "{one slot}added", "1");
  expect(firstAfter(added)).toEqual(added);
  expect(table.sortedSlot?.offsets).not.toBe(kept?.offsets);
});

test("while its index grows, every row is found as it was last put", () => {
  const table = memtable();
  const model = new Map<string, string>();
  for (let i = 0; i < 6000; i++) {
    const key = `key ${(i * 7919) % 4001}`;
    put(table, key, `${i}`);
    model.set(key, `${i}`);
    const other = `key ${(i * 31) % 4500}`;
    expect(get(table, other)).toBe(model.get(other));
  }
  for (const [key, value] of model) expect(get(table, key)).toBe(value);
  expect(table.rowCount).toBe(model.size);
  expect(rowsOf(new MemtableScan(table, new Uint8Array(0), undefined))).toEqual(sortedRows(model));
});

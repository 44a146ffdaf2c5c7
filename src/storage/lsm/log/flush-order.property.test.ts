/** A flush sees the rows that a scan of the memtable does, in the same order, however they lie in the segment. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../../../base/bytes.ts";
import { RowKey } from "../../row-key.ts";
import { flushOrder } from "./flush-order.ts";
import { Memtable } from "./memtable.ts";
import { MemtableScan } from "./memtable-scan.ts";
import { Segment } from "./segment.ts";

const NOTHING = { flags: 0, hashLow: 0, hashHigh: 0 };
/** With one number (database, position, length) that decides nothing; many and few to a slot; beginnings of others. */
const anyKey = fc.oneof(
  fc.nat({ max: 300 }).map((number) => `${number}`),
  fc.nat({ max: 300 }).map((number) => `{slot}${number}`),
  fc.nat({ max: 20 }).map((length) => "{slot}".padEnd(6 + length, "\0")),
);
const anyPut = fc.record({
  key: anyKey,
  database: fc.nat({ max: 255 }),
  value: fc.string({ maxLength: 40 }),
  seals: fc.nat({ max: 9 }).map((number) => number === 0),
});

function offsetsOf(memtable: Memtable): number[] {
  const scan = new MemtableScan(memtable, new Uint8Array(0), undefined);
  const offsets: number[] = [];
  while (scan.next()) offsets.push(scan.offset);
  return offsets;
}

test("the newest row of each key, sorted, wherever it lies", () => {
  fc.assert(
    fc.property(fc.array(anyPut, { maxLength: 400, size: "max" }), (puts) => {
      const memtable = new Memtable(new Segment(1, new SharedArrayBuffer(1 << 18)));
      const rowKey = new RowKey(1);
      for (const { key, database, value, seals } of puts) {
        const [bytes, cell] = [utf8(key), utf8(value)];
        rowKey.encode(database, bytes, 0, bytes.length);
        memtable.put(rowKey, { bytes: cell, start: 0, end: cell.length }, NOTHING);
        if (seals) memtable.segment.seal();
      }
      memtable.segment.seal();
      memtable.segment.sealEnd();
      expect([...flushOrder(memtable.segment)]).toEqual(offsetsOf(memtable));
    }),
    { numRuns: 200 },
  );
});

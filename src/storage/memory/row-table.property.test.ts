/** Rows, index, order, expiry set and counts stay in step, whatever is written and however it is compacted. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ByteRange } from "../../base/bytes.ts";
import { compareRowKeys, RowKey, slotOfRow } from "../row-key.ts";
import { simpleKey } from "../simple-engine.oracle.ts";
import { seededRandom } from "./memory-engine.contract.ts";
import { MemoryScan } from "./memory-scan.ts";
import { RowTable } from "./row-table.ts";

const NOW_MS = 1_000_000_000_000;
/** What is given back to the system at once. */
const REGION_BYTES = 32 * 2 ** 20;

/** A table beside a Map that says what should be in it. */
class CheckedTable {
  readonly table = new RowTable();
  readonly model = new Map<string, { cellByte: number; length: number; expiresAtMs: number }>();

  put(key: RowKey, length: number, expiresAtMs = 0): void {
    const cellByte = (length * 7 + expiresAtMs + 1) & 0xff;
    const cell = { bytes: new Uint8Array(length).fill(cellByte), start: 0, end: length };
    const address = this.table.find(key);
    if (address === 0) this.table.insert(key, cell, expiresAtMs, NOW_MS, 0);
    else if (!this.table.overwrite(address, cell, expiresAtMs !== 0)) {
      this.table.replace(address, key, cell, expiresAtMs, NOW_MS, 0);
    } else if (expiresAtMs !== 0) this.table.renewExpiry(address, expiresAtMs, NOW_MS);
    this.model.set(hexOf(key.copy()), { cellByte, length, expiresAtMs });
  }

  drop(key: RowKey): void {
    const address = this.table.find(key);
    if ((address !== 0) !== this.model.delete(hexOf(key.copy())))
      throw new Error("a row is missing, or too many");
    if (address !== 0) this.table.drop(address);
    this.table.compactAfterWrite();
  }

  check(): void {
    const { table, model } = this;
    const scan = new MemoryScan(table, new Uint8Array(0), undefined);
    const seen: string[] = [];
    const wrong: string[] = [];
    const key = new RowKey(1);
    while (scan.next()) {
      const rowKey = scan.key.bytes.slice(scan.key.start, scan.key.end);
      key.load(rowKey, 0, rowKey.length);
      seen.push(hexOf(rowKey));
      if (!this.#isRight(key, scan)) wrong.push(hexOf(rowKey));
    }
    expect(wrong).toEqual([]);
    expect(seen).toEqual([...model.keys()].sort());
    const expiring = [...model.values()].filter(({ expiresAtMs }) => expiresAtMs !== 0);
    expect(table.counter.of(0)).toEqual({ rows: model.size, expiring: expiring.length });
    expect(table.expiries.count).toBe(expiring.length);
    expect(table.index.rowCount).toBe(model.size);
    expect(table.memoryBytes).toBeGreaterThanOrEqual(table.liveBytes);
  }

  #isRight(key: RowKey, { cell, address }: MemoryScan): boolean {
    const { rows, expiries } = this.table;
    const row = this.model.get(hexOf(key.bytes.subarray(0, key.length)));
    if (row === undefined || cell.end - cell.start !== row.length || !isFilled(cell, row.cellByte))
      return false;
    if (this.table.find(key) !== address || rows.isExpiring(address) !== (row.expiresAtMs !== 0))
      return false;
    return row.expiresAtMs === 0 || expiries.rowAt(rows.expiryPlaceOf(address)) === address;
  }
}

function isFilled({ bytes, start, end }: ByteRange, byte: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== byte) return false;
  return true;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

test("a table of thousands of rows stays in step while it grows, changes sizes and shrinks", () => {
  const random = seededRandom(7);
  const checked = new CheckedTable();
  const anyKey = (): RowKey =>
    simpleKey(random.below(3) === 0 ? `{t}${random.below(2000)}` : `${random.below(4000)}`);
  const phases = [
    { steps: 6000, dropPart: 0.05, sizeMax: 200 },
    { steps: 6000, dropPart: 0.1, sizeMax: 3000 },
    { steps: 6000, dropPart: 0.1, sizeMax: 300 },
    { steps: 6000, dropPart: 0.9, sizeMax: 2000 },
  ];
  for (const { steps, dropPart, sizeMax } of phases) {
    for (let step = 0; step < steps; step++) {
      if (random.uint32() < dropPart * 2 ** 32) checked.drop(anyKey());
      else
        checked.put(
          anyKey(),
          random.below(sizeMax),
          random.below(2) === 0 ? 0 : NOW_MS + random.below(10_000),
        );
    }
    checked.check();
    while (checked.table.compact());
    checked.check();
  }
  for (const hex of [...checked.model.keys()]) {
    const rowKey = Buffer.from(hex, "hex");
    const key = new RowKey(1);
    key.load(rowKey, 0, rowKey.length);
    checked.drop(key);
  }
  checked.check();
  expect(checked.table.liveBytes).toBeLessThan(10_000);
});

test("any short history leaves a table in step", () => {
  const anyStep = fc.record({
    key: fc.integer({ min: 0, max: 300 }),
    length: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 30_000, max: 40_000 })),
    expiresAtMs: fc.constantFrom(0, 0, NOW_MS + 5, NOW_MS + 1e9, NOW_MS + 1e11),
    kind: fc.constantFrom("put", "put", "put", "drop", "compact"),
  });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 400 }), (steps) => {
      const checked = new CheckedTable();
      for (const { key, length, expiresAtMs, kind } of steps) {
        const rowKey = simpleKey(key % 2 === 0 ? `{t}${key}` : "k".repeat(key));
        if (kind === "put") checked.put(rowKey, length, expiresAtMs);
        else if (kind === "drop") checked.drop(rowKey);
        else checked.table.compact();
      }
      checked.check();
    }),
    { numRuns: 60 },
  );
});

test("a slot of many thousand rows stays in order, in any order of coming and going", () => {
  const random = seededRandom(3);
  const checked = new CheckedTable();
  const keys = Array.from({ length: 20_000 }, (_, i) => simpleKey(`{one slot}${i}`));
  for (const key of keys) checked.put(key, 4);
  checked.check();
  const copies = new Map(keys.map((key) => [key, key.copy()]));
  const inOrder = [...keys].sort((a, b) => compareRowKeys(copies.get(a)!, copies.get(b)!));
  for (const key of inOrder.slice(0, 9000)) checked.drop(key); // whole branches from the left
  for (const key of inOrder.slice(-3000)) checked.drop(key);
  checked.check();
  for (const key of inOrder.reverse()) checked.put(key, 4);
  checked.check();
  for (const length of [40, 80, 120]) for (const key of keys) checked.put(key, length);
  while (checked.table.compact()); // moves branches, too
  checked.check();
  for (let step = 0; step < 10_000; step++) {
    const key = keys[random.below(keys.length)]!;
    if (random.below(2) === 0) checked.put(key, 4);
    else checked.drop(key);
  }
  checked.check();
});

test("keys whose scan positions were made alike are kept, in order", () => {
  const checked = new CheckedTable();
  const keyOf = (i: number): RowKey => {
    const key = simpleKey(`{t}${1000 + i}`);
    key.bytes[3] = i < 3000 ? 7 : 8; // the position
    key.bytes[4] = 7;
    return key;
  };
  for (let i = 0; i < 4000; i++) checked.put(keyOf(i), 10);
  const inOrder = [...checked.model.keys()].sort();
  const scan = new MemoryScan(checked.table, new Uint8Array(0), undefined);
  for (const hex of inOrder) {
    expect(scan.next()).toBe(true);
    expect(hexOf(scan.key.bytes.subarray(scan.key.start, scan.key.end))).toBe(hex);
  }
  expect(scan.next()).toBe(false);
  for (let i = 0; i < 4000; i += 2) checked.drop(keyOf(i));
  expect(checked.table.counter.ofSlot(slotOfRow(keyOf(1).bytes, 0), 0)).toBe(2000);
});

test("holes left by rows that grow or go are given back", () => {
  const checked = new CheckedTable();
  const { table } = checked;
  const keys = Array.from({ length: 10_000 }, (_, i) => simpleKey(`${i}`));
  for (const length of [3200, 4000, 4800, 6400, 8000]) {
    for (const key of keys) checked.put(key, length);
    expect(table.memoryBytes).toBeLessThan(table.liveBytes * 1.13 + REGION_BYTES);
  }
  while (table.compact());
  expect(table.memoryBytes).toBeLessThan(table.liveBytes * 1.13 + REGION_BYTES / 4);
  for (const [i, key] of keys.entries()) if (i % 10 !== 0) checked.drop(key);
  while (table.compact());
  expect(table.liveBytes).toBeLessThan(9 * 2 ** 20);
  expect(table.memoryBytes).toBeLessThan(table.liveBytes + REGION_BYTES + 2 ** 20);
  checked.check();
});

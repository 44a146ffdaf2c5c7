/** What every StorageEngine does with all rows: scans and clears. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { toText } from "../base/bytes.ts";
import { compareRowKeys, type RowKey, scanStart, slotOfRow } from "./row-key.ts";
import {
  type CreateEngine,
  hexOf,
  keysOf,
  payloadOf,
  rowKeysIn,
  simpleCell,
  simpleKey,
  withEngineOf,
} from "./simple-engine.oracle.ts";
import { NEVER_EXPIRES } from "./storage-engine.ts";

export function testScans(name: string, create: CreateEngine): void {
  const withEngine = withEngineOf(create);

  test(`${name}: a scan gives the rows of a range in order`, () =>
    withEngine(async ({ engine }) => {
      const rowKeys: Uint8Array[] = [];
      for (let i = 0; i < 1000; i++) {
        const key = simpleKey(i % 3 === 0 ? `{tag}${i}` : `key ${i}`, i % 2);
        rowKeys.push(key.copy());
        await engine.put(key, simpleCell(`${i}`));
      }
      rowKeys.sort(compareRowKeys);
      expect((await rowKeysIn(engine, new Uint8Array(0), undefined)).map(hexOf)).toEqual(rowKeys.map(hexOf));
      expect(await rowKeysIn(engine, rowKeys[100]!, rowKeys[200]!)).toEqual(rowKeys.slice(100, 200));
      expect(await rowKeysIn(engine, rowKeys[300]!, rowKeys[300]!)).toEqual([]);
      const slot = slotOfRow(simpleKey("{tag}").bytes, 0);
      const ofSlot = rowKeys.filter((rowKey) => slotOfRow(rowKey, 0) === slot);
      expect(await rowKeysIn(engine, scanStart(slot, 0, 0), scanStart(slot + 1, 0, 0))).toEqual(ofSlot);
      for (const database of [0, 1]) {
        expect(engine.slotCount(slot, database)).toBe(
          ofSlot.filter((rowKey) => rowKey[2] === database).length,
        );
      }
      expect(engine.slotCount(slot, 5)).toBe(0);
    }));

  test(`${name}: a closed scan gives nothing`, () =>
    withEngine(async ({ engine }) => {
      for (let i = 0; i < 10; i++) await engine.put(simpleKey(`key ${i}`), simpleCell("v"));
      const rows = engine.scan(new Uint8Array(0), undefined);
      expect(await rows.next()).toBe(true);
      rows.close();
      rows.close();
      expect(await rows.next()).toBe(false);
    }));

  test(`${name}: clear forgets one database, or all`, () =>
    withEngine(async ({ engine, wall }) => {
      for (let i = 0; i < 500; i++) {
        await engine.put(
          simpleKey(`key ${i}`, i % 3),
          simpleCell("v", i % 2 === 0 ? wall.nowMs + 5000 : NEVER_EXPIRES),
        );
      }
      await engine.clear(1);
      expect(engine.counts(1)).toEqual({ rows: 0, expiring: 0 });
      expect(engine.counts(0).rows + engine.counts(2).rows).toBe(333);
      expect(await payloadOf(engine, "key 1", 1)).toBeUndefined();
      expect(await payloadOf(engine, "key 2", 2)).toBe("v");
      await engine.clear();
      expect(engine.counts(0)).toEqual({ rows: 0, expiring: 0 });
      expect(await rowKeysIn(engine, new Uint8Array(0), undefined)).toEqual([]);
      await engine.put(simpleKey("key 2", 2), simpleCell("again"));
      expect(await payloadOf(engine, "key 2", 2)).toBe("again");
      expect(await engine.dropExpired(wall.nowMs + 10_000, 1000)).toBe(0);
    }));

  test(`${name}: a scan misses no row when others are dropped behind it, or written before it`, () =>
    withEngine(async ({ engine, wall }) => {
      for (let i = 0; i < 300; i++) await engine.put(simpleKey(`{t}${i}`), simpleCell("v"));
      const all = await keysOf(engine);
      const seen: string[] = [];
      const rows = engine.scan(new Uint8Array(0), undefined);
      while (await rows.next()) {
        seen.push(toText(rows.key.bytes.subarray(rows.key.start + 6, rows.key.end)));
        if (seen.length % 3 === 0) await engine.put(simpleKey(seen.at(-3)!), simpleCell("", wall.nowMs));
        if (seen.length % 3 === 1)
          await engine.put(simpleKey(seen.at(-1)!), simpleCell("x".repeat(seen.length)));
      }
      rows.close();
      expect(seen.sort()).toEqual(all);
    }));

  test(`${name}: a row that is there throughout a scan is seen exactly once, whatever is written meanwhile`, async () => {
    const write = fc.record({
      key: fc.integer({ min: 0, max: 199 }),
      size: fc.integer({ min: 0, max: 300 }),
      isDrop: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(write, { maxLength: 3 }), { minLength: 190, maxLength: 200 }),
        (steps) =>
          withEngine(async ({ engine, wall }) => {
            const keyOf = (i: number): RowKey => simpleKey(i % 4 === 0 ? `${i}` : `{t}${i}`);
            for (let i = 0; i < 200; i++) await engine.put(keyOf(i), simpleCell("before"));
            const dropped = new Set<string>();
            const seen: string[] = [];
            const rows = engine.scan(new Uint8Array(0), undefined);
            for (let step = 0; await rows.next(); step++) {
              seen.push(hexOf(rows.key.bytes.subarray(rows.key.start, rows.key.end)));
              for (const { key, size, isDrop } of steps[step] ?? []) {
                if (isDrop) dropped.add(hexOf(keyOf(key).copy()));
                await engine.put(
                  keyOf(key),
                  isDrop ? simpleCell("", wall.nowMs) : simpleCell("x".repeat(size)),
                );
              }
            }
            rows.close();
            expect(seen).toEqual([...new Set(seen)].sort());
            for (let i = 0; i < 200; i++) {
              const key = hexOf(keyOf(i).copy());
              if (!dropped.has(key)) expect(seen).toContain(key);
            }
          }),
      ),
      { numRuns: 20 },
    );
  });
}

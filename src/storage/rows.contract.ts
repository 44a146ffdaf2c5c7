/** What every StorageEngine does with single rows. */
import { expect, test } from "vitest";
import { type ByteRange, equalBytes, utf8 } from "../base/bytes.ts";
import {
  type CreateEngine,
  cellOf,
  payloadOf,
  simpleCell,
  simpleKey,
  withEngineOf,
} from "./simple-engine.oracle.ts";

export function testRows(name: string, create: CreateEngine): void {
  const withEngine = withEngineOf(create);

  test(`${name}: a row can be read as soon as it is put, and not before`, () =>
    withEngine(async ({ engine }) => {
      expect(await payloadOf(engine, "a")).toBeUndefined();
      await engine.put(simpleKey("a"), simpleCell("one"));
      expect(await payloadOf(engine, "a")).toBe("one");
      expect(await payloadOf(engine, "b")).toBeUndefined();
      await engine.put(simpleKey("a"), simpleCell("a good deal longer than before"));
      expect(await payloadOf(engine, "a")).toBe("a good deal longer than before");
    }));

  test(`${name}: the same key in another database is another row`, () =>
    withEngine(async ({ engine }) => {
      await engine.put(simpleKey("a", 0), simpleCell("zero"));
      await engine.put(simpleKey("a", 3), simpleCell("three"));
      expect(await payloadOf(engine, "a", 0)).toBe("zero");
      expect(await payloadOf(engine, "a", 3)).toBe("three");
      expect(engine.counts(0).rows).toBe(1);
      expect(engine.counts(3).rows).toBe(1);
    }));

  test(`${name}: key and cell are copied`, () =>
    withEngine(async ({ engine }) => {
      const key = simpleKey("first");
      const cell = simpleCell("xxxx");
      const written = engine.put(key, cell);
      key.encode(0, utf8("other"), 0, 5);
      cell.bytes.fill(0x79, 8);
      await written;
      expect(await payloadOf(engine, "first")).toBe("xxxx");
      expect(await payloadOf(engine, "other")).toBeUndefined();
    }));

  test(`${name}: a cell may stand anywhere in its buffer`, () =>
    withEngine(async ({ engine }) => {
      const buffer = new Uint8Array(4096);
      for (let round = 0; round < 40; round++) {
        const cell = simpleCell(`payload ${"x".repeat(round * 3)}`);
        const start = 100 + round;
        buffer.fill(0xff).set(cell.bytes, start);
        await engine.put(simpleKey(`key ${round}`), { bytes: buffer, start, end: start + cell.end });
        buffer.fill(0);
      }
      for (let round = 0; round < 40; round++) {
        expect(await payloadOf(engine, `key ${round}`)).toBe(`payload ${"x".repeat(round * 3)}`);
      }
    }));

  test(`${name}: a cell just read may be put under another key`, () =>
    withEngine(async ({ engine }) => {
      await engine.put(simpleKey("a"), simpleCell("the value"));
      const into: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
      for (let round = 0; round < 50; round++) {
        expect(await engine.get(simpleKey("a"), into)).toBe(true);
        await engine.put(simpleKey(`copy ${round}`), into);
      }
      for (let round = 0; round < 50; round++)
        expect(await payloadOf(engine, `copy ${round}`)).toBe("the value");
    }));

  test(`${name}: keys and values of every size come back`, () =>
    withEngine(async ({ engine }) => {
      const lengths = [
        0, 1, 3, 4, 7, 8, 100, 127, 128, 240, 246, 247, 248, 249, 250, 255, 256, 4096, 16384, 65536,
      ];
      const bytesOf = (length: number): Uint8Array =>
        Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
      for (const length of lengths) {
        await engine.put(simpleKey(bytesOf(length)), simpleCell(`key of ${length}`));
        await engine.put(simpleKey(`value of ${length}`), simpleCell(bytesOf(length)));
      }
      await engine.put(simpleKey("huge"), simpleCell(bytesOf(3_000_000)));
      for (const length of lengths) {
        expect(await payloadOf(engine, bytesOf(length))).toBe(`key of ${length}`);
        expect(
          equalBytes((await cellOf(engine, `value of ${length}`))!, simpleCell(bytesOf(length)).bytes),
        ).toBe(true);
      }
      expect(equalBytes((await cellOf(engine, "huge"))!, simpleCell(bytesOf(3_000_000)).bytes)).toBe(true);
      for (const length of [3_300_000, 2_900_000, 40_000, 1_500_000, 40_100]) {
        await engine.put(simpleKey("huge"), simpleCell(bytesOf(length)));
        expect(equalBytes((await cellOf(engine, "huge"))!, simpleCell(bytesOf(length)).bytes)).toBe(true);
      }
      await engine.put(simpleKey("huge"), simpleCell("small"));
      expect(await payloadOf(engine, "huge")).toBe("small");
      expect(engine.counts(0).rows).toBe(2 * lengths.length + 1);
    }));

  test(`${name}: where a cell may be rewritten in place, its last bytes change and nothing else`, () =>
    withEngine(async ({ engine, wall }) => {
      if (engine.rewriteEnd === undefined) return;
      for (const length of [8, 9, 10, 11, 100, 5_000, 3_000_000]) {
        const before = simpleCell("a".repeat(length), wall.nowMs + 1_000);
        await engine.put(simpleKey("k"), before);
        await engine.put(simpleKey("neighbour"), before);
        expect(await engine.get(simpleKey("k"), { bytes: before.bytes, start: 0, end: 0 }, false)).toBe(true);
        const end = new TextEncoder().encode("-[inplace]-").subarray(2, 9);
        engine.rewriteEnd({ bytes: end, start: 0, end: end.length });
        expect(await payloadOf(engine, "k")).toBe(`${"a".repeat(length - 7)}inplace`);
        expect(await payloadOf(engine, "neighbour")).toBe("a".repeat(length));
      }
      expect(engine.counts(0)).toEqual({ rows: 2, expiring: 2 });
    }));

  test(`${name}: merge keeps what the rules keep`, () =>
    withEngine(async ({ engine }) => {
      await engine.merge(simpleKey("a"), simpleCell("m"));
      expect(await payloadOf(engine, "a")).toBe("m");
      await engine.merge(simpleKey("a"), simpleCell("c"));
      expect(await payloadOf(engine, "a")).toBe("m");
      await engine.merge(simpleKey("a"), simpleCell("z and longer"));
      expect(await payloadOf(engine, "a")).toBe("z and longer");
      expect(engine.counts(0).rows).toBe(1);
    }));
}

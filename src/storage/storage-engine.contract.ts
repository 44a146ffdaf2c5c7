/** What every StorageEngine must do. Run against each engine; `await` everywhere, for some touch the disk. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ByteRange, compareBytes, equalBytes, toText, utf8 } from "../base/bytes.ts";
import { compareRowKeys, RowKey, scanStart, slotOfRow } from "./row-key.ts";
import { type CellRules, NEVER_EXPIRES, type StorageEngine } from "./storage-engine.ts";

/**
 * A simple cell: 8 bytes of expiry (big-endian, ms), then a payload. Merging keeps the greater cell. An empty
 * payload is a deleted value: collectible once the wall time has reached its expiry, or never if that is 0.
 * A payload collectible at its expiry otherwise, too; one that begins with "!" never.
 */
export const simpleRules: CellRules = {
  merge: (existing, incoming) => (compareBytes(existing, incoming) >= 0 ? existing : incoming),
  expiresAtMs: (cell) => expiryOf(cell),
  isCollectible(cell, wallMs) {
    const expiresAtMs = expiryOf(cell);
    return expiresAtMs !== NEVER_EXPIRES && expiresAtMs <= wallMs && cell.bytes[cell.start + 8] !== 0x21;
  },
};

function expiryOf({ bytes, start }: ByteRange): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
}

export function simpleCell(payload: string | Uint8Array, expiresAtMs: number = NEVER_EXPIRES): ByteRange {
  const content = typeof payload === "string" ? utf8(payload) : payload;
  const bytes = new Uint8Array(8 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(expiresAtMs / 2 ** 32));
  view.setUint32(4, expiresAtMs % 2 ** 32);
  bytes.set(content, 8);
  return { bytes, start: 0, end: bytes.length };
}

export function simpleKey(key: string | Uint8Array, database = 0, seed = 1): RowKey {
  const bytes = typeof key === "string" ? utf8(key) : key;
  const rowKey = new RowKey(seed);
  rowKey.encode(database, bytes, 0, bytes.length);
  return rowKey;
}

export interface EngineUnderTest {
  readonly engine: StorageEngine;
  /** The wall clock the engine reads; starts at 1,000,000,000,000. */
  readonly wall: { nowMs: number };
}

/** `create` makes an empty engine with `rules`. Every RowKey of a test has seed 1. */
export function testStorageEngine(
  name: string,
  create: (rules: CellRules) => EngineUnderTest | Promise<EngineUnderTest>,
): void {
  async function withEngine(body: (under: EngineUnderTest) => Promise<void>): Promise<void> {
    const under = await create(simpleRules);
    try {
      await body(under);
    } finally {
      await under.engine.close();
    }
  }

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

  test(`${name}: an expired cell is returned until it is dropped`, () =>
    withEngine(async ({ engine, wall }) => {
      await engine.put(simpleKey("soon"), simpleCell("v", wall.nowMs + 1000));
      await engine.put(simpleKey("later"), simpleCell("v", wall.nowMs + 2000));
      await engine.put(simpleKey("never"), simpleCell("v"));
      expect(engine.counts(0)).toEqual({ rows: 3, expiring: 2 });
      expect(await engine.dropExpired(wall.nowMs + 999, 1000)).toBe(0);
      expect(await payloadOf(engine, "soon")).toBe("v");
      wall.nowMs += 1000;
      expect(await payloadOf(engine, "soon")).toBe("v");
      expect(await engine.dropExpired(wall.nowMs, 1000)).toBe(1);
      expect(await payloadOf(engine, "soon")).toBeUndefined();
      expect(engine.counts(0)).toEqual({ rows: 2, expiring: 1 });
      expect(await engine.dropExpired(wall.nowMs + 1_000_000_000_000, 1000)).toBe(1);
      expect(await payloadOf(engine, "never")).toBe("v");
      expect(engine.statistics.expiredRows).toBe(2);
    }));

  test(`${name}: an expired row can be dropped where it is met, unless it is in use`, () =>
    withEngine(async ({ engine, wall }) => {
      if (engine.dropIfExpired === undefined) return;
      const drop = (key: string): boolean => engine.dropIfExpired!(simpleKey(key), wall.nowMs);
      await engine.put(simpleKey("soon"), simpleCell("v", wall.nowMs + 1000));
      await engine.put(simpleKey("never"), simpleCell("v"));
      wall.nowMs += 999;
      expect([drop("soon"), drop("never"), drop("absent")]).toEqual([false, false, false]);
      wall.nowMs += 1;
      if (engine.usesSuperseded === true) {
        engine.isInUse = () => true;
        expect(drop("soon")).toBe(false);
        engine.isInUse = undefined;
      }
      expect([drop("soon"), drop("soon"), drop("never")]).toEqual([true, false, false]);
      expect(await payloadOf(engine, "soon")).toBeUndefined();
      expect(engine.counts(0)).toEqual({ rows: 1, expiring: 0 });
      expect(engine.statistics.expiredRows).toBe(1);
    }));

  test(`${name}: the latest put decides whether and when a row expires`, () =>
    withEngine(async ({ engine, wall }) => {
      const at = (ms: number): number => wall.nowMs + ms;
      await engine.put(simpleKey("kept"), simpleCell("v", at(1000)));
      await engine.put(simpleKey("kept"), simpleCell("v"));
      await engine.put(simpleKey("longer"), simpleCell("v", at(1000)));
      await engine.put(simpleKey("longer"), simpleCell("v", at(9000)));
      await engine.put(simpleKey("shorter"), simpleCell("v", at(9000)));
      await engine.put(simpleKey("shorter"), simpleCell("v", at(1000)));
      await engine.put(simpleKey("volatile"), simpleCell("v"));
      await engine.put(simpleKey("volatile"), simpleCell("v", at(1000)));
      expect(engine.counts(0)).toEqual({ rows: 4, expiring: 3 });
      expect(await engine.dropExpired(at(5000), 1000)).toBe(2);
      expect(await keysOf(engine)).toEqual(["kept", "longer"]);
      expect(engine.counts(0)).toEqual({ rows: 2, expiring: 1 });
    }));

  test(`${name}: a collectible cell drops the row, and is not kept`, () =>
    withEngine(async ({ engine, wall }) => {
      await engine.put(simpleKey("a"), simpleCell("v"));
      await engine.put(simpleKey("a"), simpleCell("", wall.nowMs));
      await engine.put(simpleKey("b"), simpleCell("gone before it came", wall.nowMs - 5000));
      expect(await payloadOf(engine, "a")).toBeUndefined();
      expect(await payloadOf(engine, "b")).toBeUndefined();
      expect(engine.counts(0)).toEqual({ rows: 0, expiring: 0 });
    }));

  test(`${name}: what has expired but is not collectible stays, and starves nothing`, () =>
    withEngine(async ({ engine, wall }) => {
      for (let i = 0; i < 300; i++)
        await engine.put(simpleKey(`stuck ${i}`), simpleCell("!", wall.nowMs + 10));
      for (let i = 0; i < 300; i++)
        await engine.put(simpleKey(`free ${i}`), simpleCell("v", wall.nowMs + 20));
      wall.nowMs += 1000;
      let dropped = 0;
      for (let step = 0; step < 20; step++) dropped += await engine.dropExpired(wall.nowMs, 100);
      expect(dropped).toBe(300);
      expect(engine.counts(0)).toEqual({ rows: 300, expiring: 300 });
      expect(await payloadOf(engine, "stuck 7")).toBe("!");
    }));

  test(`${name}: dropExpired looks at no more than about what it is told`, () =>
    withEngine(async ({ engine, wall }) => {
      for (let i = 0; i < 3000; i++)
        await engine.put(simpleKey(`key ${i}`), simpleCell("v", wall.nowMs + 10));
      expect(await engine.dropExpired(wall.nowMs + 10, 100)).toBeLessThan(1000);
      for (let step = 0; step < 100; step++) await engine.dropExpired(wall.nowMs + 10, 100);
      expect(engine.counts(0)).toEqual({ rows: 0, expiring: 0 });
    }));

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

  test(`${name}: it is a sorted map, whatever is done to it`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOperation, { minLength: 1, maxLength: 120 }), (operations) =>
        withEngine(async (under) => {
          const model = new Model();
          for (const operation of operations) await model.apply(operation, under);
          await model.expectEqual(under);
        }),
      ),
      { numRuns: 100 },
    );
  });
}

const anyKey = fc.record({
  database: fc.integer({ min: 0, max: 2 }),
  key: fc.oneof(
    fc.integer({ min: 0, max: 30 }).map((n) => `key ${n}`),
    fc.integer({ min: 0, max: 30 }).map((n) => `{tag}${n}`),
    fc.string({ maxLength: 300 }),
  ),
});
const anyOperation = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({ kind: fc.constant("put" as const), at: anyKey, size: anySize(), ttlMs: anyTtl() }),
  },
  {
    weight: 15,
    arbitrary: fc.record({
      kind: fc.constant("merge" as const),
      at: anyKey,
      size: anySize(),
      ttlMs: anyTtl(),
    }),
  },
  { weight: 15, arbitrary: fc.record({ kind: fc.constant("drop" as const), at: anyKey }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("get" as const), at: anyKey }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 2000 }) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("scan" as const), from: anyKey, to: anyKey }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("clear" as const), database: fc.integer({ min: 0, max: 3 }) }),
  },
);
type Operation = typeof anyOperation extends fc.Arbitrary<infer T> ? T : never;

function anySize(): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 45, arbitrary: fc.integer({ min: 1, max: 400 }) },
    fc.integer({ min: 1, max: 200_000 }),
  );
}

function anyTtl(): fc.Arbitrary<number | undefined> {
  return fc.option(fc.integer({ min: 1, max: 3000 }), { nil: undefined, freq: 2 });
}

/** The slow, obvious engine: a Map by row key in hexadecimal, sorted when asked. */
class Model {
  readonly #rows = new Map<string, Uint8Array>();

  async apply(operation: Operation, { engine, wall }: EngineUnderTest): Promise<void> {
    if (operation.kind === "wait") {
      wall.nowMs += operation.ms;
      this.#dropExpired(wall.nowMs);
      for (let step = 0; step < 50; step++) await engine.dropExpired(wall.nowMs, 100);
      return;
    }
    if (operation.kind === "clear") {
      for (const hex of this.#rows.keys()) if (databaseOf(hex) === operation.database) this.#rows.delete(hex);
      await engine.clear(operation.database);
      return;
    }
    if (operation.kind === "scan") {
      const [from, to] = [keyAt(operation.from).copy(), keyAt(operation.to).copy()];
      const found = await rowKeysIn(engine, from, to);
      expect(found.map(hexOf)).toEqual(this.#sorted().filter((hex) => hex >= hexOf(from) && hex < hexOf(to)));
      return;
    }
    const key = keyAt(operation.at);
    const hex = hexOf(key.copy());
    if (operation.kind === "get") {
      const present = this.#rows.get(hex);
      const found = await cellAt(engine, key);
      expect(found === undefined ? undefined : hexOf(found)).toBe(
        present === undefined ? undefined : hexOf(present),
      );
      return;
    }
    if (operation.kind === "drop") {
      this.#rows.delete(hex);
      await engine.put(key, simpleCell("", wall.nowMs));
      return;
    }
    const expiresAtMs = operation.ttlMs === undefined ? NEVER_EXPIRES : wall.nowMs + operation.ttlMs;
    const cell = simpleCell(new Uint8Array(operation.size).fill(operation.size), expiresAtMs);
    const present = this.#rows.get(hex);
    if (operation.kind === "put") await engine.put(key, cell);
    else await engine.merge(key, cell);
    if (operation.kind === "put" || present === undefined) this.#rows.set(hex, cell.bytes);
    else this.#rows.set(hex, simpleRules.merge(present, cell.bytes));
  }

  async expectEqual({ engine }: EngineUnderTest): Promise<void> {
    expect((await rowKeysIn(engine, new Uint8Array(0), undefined)).map(hexOf)).toEqual(this.#sorted());
    for (let database = 0; database < 4; database++) {
      const rows = this.#sorted().filter((hex) => databaseOf(hex) === database);
      const expiring = rows.filter(
        (hex) => simpleRules.expiresAtMs(rangeOf(this.#rows.get(hex)!)) !== NEVER_EXPIRES,
      );
      expect(engine.counts(database)).toEqual({ rows: rows.length, expiring: expiring.length });
    }
    const rows = engine.scan(new Uint8Array(0), undefined);
    while (await rows.next()) {
      const key = hexOf(rows.key.bytes.subarray(rows.key.start, rows.key.end));
      const cell = rows.cell.bytes.subarray(rows.cell.start, rows.cell.end);
      expect(equalBytes(cell, this.#rows.get(key)!)).toBe(true);
    }
  }

  #dropExpired(wallMs: number): void {
    for (const [hex, cell] of this.#rows) {
      if (simpleRules.isCollectible(rangeOf(cell), wallMs)) this.#rows.delete(hex);
    }
  }

  #sorted(): string[] {
    return [...this.#rows.keys()].sort();
  }
}

function keyAt({ key, database }: { key: string; database: number }): RowKey {
  return simpleKey(key, database);
}

function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function databaseOf(hex: string): number {
  return Number.parseInt(hex.slice(4, 6), 16);
}

async function cellAt(engine: StorageEngine, key: RowKey): Promise<Uint8Array | undefined> {
  const into: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
  return (await engine.get(key, into)) ? into.bytes.slice(into.start, into.end) : undefined;
}

function cellOf(
  engine: StorageEngine,
  key: string | Uint8Array,
  database = 0,
): Promise<Uint8Array | undefined> {
  return cellAt(engine, simpleKey(key, database));
}

async function payloadOf(
  engine: StorageEngine,
  key: string | Uint8Array,
  database = 0,
): Promise<string | undefined> {
  const cell = await cellOf(engine, key, database);
  return cell === undefined ? undefined : toText(cell.subarray(8));
}

async function rowKeysIn(
  engine: StorageEngine,
  from: Uint8Array,
  to: Uint8Array | undefined,
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  const rows = engine.scan(from, to);
  while (await rows.next()) found.push(rows.key.bytes.slice(rows.key.start, rows.key.end));
  rows.close();
  return found;
}

/** The keys of all rows (shorter than 128 bytes, in database 0), in alphabetical order. */
async function keysOf(engine: StorageEngine): Promise<string[]> {
  const rowKeys = await rowKeysIn(engine, new Uint8Array(0), undefined);
  return rowKeys.map((rowKey) => toText(rowKey.subarray(6))).sort();
}

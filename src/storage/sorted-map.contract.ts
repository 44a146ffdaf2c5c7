/** Every StorageEngine beside a slow and obvious one. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { equalBytes } from "../base/bytes.ts";
import type { RowKey } from "./row-key.ts";
import {
  type CreateEngine,
  cellAt,
  type EngineUnderTest,
  hexOf,
  rangeOf,
  rowKeysIn,
  simpleCell,
  simpleKey,
  simpleRules,
  withEngineOf,
} from "./simple-engine.oracle.ts";
import { NEVER_EXPIRES } from "./storage-engine.ts";

export function testSortedMap(name: string, create: CreateEngine): void {
  const withEngine = withEngineOf(create);

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

function databaseOf(hex: string): number {
  return Number.parseInt(hex.slice(4, 6), 16);
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BlockCache } from "./block-cache.ts";

const BLOCK_BYTES = 1000;
const ENTRY_BYTES = BLOCK_BYTES + 160;

function block(number = 0): Uint8Array {
  return new Uint8Array(BLOCK_BYTES).fill(number);
}

describe("BlockCache", () => {
  test("keeps what fits, each table's blocks apart", () => {
    const cache = new BlockCache(100 * ENTRY_BYTES);
    const [a, b] = [cache.createShelf(50), cache.createShelf(50)];
    for (let i = 0; i < 50; i++) cache.put(a, i, block(i));
    for (let i = 0; i < 50; i++) cache.put(b, i, block(100 + i));
    expect(cache.blockCount).toBe(100);
    for (let i = 0; i < 50; i++) {
      expect(cache.get(a, i)![0]).toBe(i);
      expect(cache.get(b, i)![0]).toBe(100 + i);
    }
    expect(cache).toMatchObject({ hits: 100, misses: 0 });
  });

  test("a full cache wants a block only when it is asked for again, and not long after", () => {
    const cache = new BlockCache(100 * ENTRY_BYTES);
    const shelf = cache.createShelf(10_000);
    for (let i = 0; i < 100; i++) {
      expect(cache.wants(shelf, i, BLOCK_BYTES)).toBe(true);
      cache.put(shelf, i, block());
    }
    expect(cache.wants(shelf, 200, BLOCK_BYTES)).toBe(false);
    expect(cache.wants(shelf, 200, BLOCK_BYTES)).toBe(true);
    expect(cache.wants(shelf, 201, BLOCK_BYTES)).toBe(false);
    for (let i = 300; i < 400; i++) expect(cache.wants(shelf, i, BLOCK_BYTES)).toBe(false);
    expect(cache.wants(shelf, 201, BLOCK_BYTES)).toBe(false);
    expect(cache.blockCount).toBe(100);
    cache.put(shelf, 200, block(7));
    expect(cache.peek(shelf, 200)![0]).toBe(7);
  });

  test("a scan pushes nothing out that is in use", () => {
    const cache = new BlockCache(100 * ENTRY_BYTES);
    const [hot, scanned] = [cache.createShelf(50), cache.createShelf(10_000)];
    for (let i = 0; i < 50; i++) cache.put(hot, i, block());
    for (let use = 0; use < 2; use++) for (let i = 0; i < 50; i++) cache.get(hot, i);
    for (let i = 0; i < 10_000; i++) cache.put(scanned, i, block());
    const kept = Array.from({ length: 50 }, (_, i) => cache.peek(hot, i)).filter(Boolean);
    expect(kept).toHaveLength(50);
  });

  test("what comes back soon after it was let go stays longer than what is new", () => {
    const cache = new BlockCache(100 * ENTRY_BYTES);
    const shelf = cache.createShelf(10_000);
    // Some blocks in the long queue, so that there is a memory of what was let go.
    for (let i = 0; i < 50; i++) cache.put(shelf, i, block());
    for (let use = 0; use < 2; use++) for (let i = 0; i < 50; i++) cache.get(shelf, i);
    for (let i = 100; i < 220; i++) cache.put(shelf, i, block());
    const gone = Array.from({ length: 120 }, (_, i) => 100 + i).filter(
      (i) => cache.peek(shelf, i) === undefined,
    );
    const back = gone.at(-1)!;
    cache.put(shelf, back, block());
    for (let i = 300; i < 400; i++) cache.put(shelf, i, block());
    expect(cache.peek(shelf, back)).toBeDefined();
    expect(cache.peek(shelf, 300)).toBeUndefined();
  });

  test("what was let go long ago is as good as new", () => {
    const cache = new BlockCache(100 * ENTRY_BYTES);
    const shelf = cache.createShelf(10_000);
    for (let i = 0; i < 50; i++) cache.put(shelf, i, block());
    for (let use = 0; use < 2; use++) for (let i = 0; i < 50; i++) cache.get(shelf, i);
    for (let i = 100; i < 2000; i++) cache.put(shelf, i, block());
    cache.put(shelf, 100, block());
    for (let i = 3000; i < 3100; i++) cache.put(shelf, i, block());
    expect(cache.peek(shelf, 100)).toBeUndefined();
  });

  test("a block that would fill a good part of it is not kept", () => {
    const cache = new BlockCache(10 * ENTRY_BYTES);
    const shelf = cache.createShelf(1);
    cache.put(shelf, 0, new Uint8Array(2 * ENTRY_BYTES));
    expect(cache.get(shelf, 0)).toBeUndefined();
    expect(cache.sizeBytes).toBe(0);
  });

  test("a block counts with all the memory that it keeps", () => {
    const cache = new BlockCache(100 * ENTRY_BYTES);
    cache.put(cache.createShelf(1), 0, block().subarray(0, 1));
    expect(cache.sizeBytes).toBe(ENTRY_BYTES);
  });

  test("never holds more than its budget, counts right, and never gives a wrong block", () => {
    const anyStep = fc.tuple(fc.constantFrom("get", "put", "drop"), fc.nat({ max: 2 }), fc.nat({ max: 29 }));
    fc.assert(
      fc.property(fc.array(anyStep, { size: "max", maxLength: 400 }), (steps) => {
        const cache = new BlockCache(12 * ENTRY_BYTES);
        const shelves = [0, 1, 2].map(() => cache.createShelf(30));
        for (const [kind, table, number] of steps) {
          const shelf = shelves[table]!;
          if (kind === "put") cache.put(shelf, number, block(30 * table + number));
          else if (kind === "get")
            expect(cache.get(shelf, number)?.[0] ?? 30 * table + number).toBe(30 * table + number);
          else if (number === 0) cache.drop(shelf);
          const held = shelves.flatMap((some) => [...some.places.keys()].filter((i) => cache.peek(some, i)));
          expect(cache.blockCount).toBe(held.length);
          expect(cache.sizeBytes).toBe(held.length * ENTRY_BYTES);
          expect(cache.sizeBytes).toBeLessThanOrEqual(12 * ENTRY_BYTES);
        }
      }),
    );
  });
});

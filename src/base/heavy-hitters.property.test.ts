import fc from "fast-check";
import { expect, test } from "vitest";
import { HeavyHitters } from "./heavy-hitters.ts";

const stream = fc.array(
  fc.record({ item: fc.constantFrom(..."abcdefghijklmnop"), weight: fc.integer({ min: 1, max: 9 }) }),
  { maxLength: 300 },
);

function truth(items: readonly { item: string; weight: number }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { item, weight } of items) counts.set(item, (counts.get(item) ?? 0) + weight);
  return counts;
}

test("counts are never too low, nor too high by more than they say, and nobody heavy is missed", () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 8 }), (items, capacity) => {
      const hitters = new HeavyHitters(capacity);
      for (const { item, weight } of items) hitters.add(item, weight);
      const counts = truth(items);
      const top = hitters.top(100);
      expect(top.length).toBeLessThanOrEqual(capacity);
      for (const { item, count, error } of top) {
        expect(count).toBeGreaterThanOrEqual(counts.get(item)!);
        expect(count - error).toBeLessThanOrEqual(counts.get(item)!);
      }
      const kept = new Set(top.map(({ item }) => item));
      for (const [item, count] of counts)
        if (count > hitters.total / capacity) expect(kept.has(item)).toBe(true);
    }),
  );
});

test("the heaviest come first; what has become light is forgotten", () => {
  const hitters = new HeavyHitters(4);
  hitters.add("a", 8);
  hitters.add("b", 16);
  hitters.add("c", 1);
  expect(hitters.top(2)).toEqual([
    { item: "b", count: 16, error: 0 },
    { item: "a", count: 8, error: 0 },
  ]);
  hitters.decay(0.5, 1);
  expect(hitters.top(9).map(({ item, count }) => [item, count])).toEqual([
    ["b", 8],
    ["a", 4],
  ]);
  expect(hitters.total).toBe(12.5);
});

test("who comes instead of another takes the place of the lightest, also after all have become lighter", () => {
  const steps = fc.array(fc.oneof(fc.constantFrom(..."abcdefghijklmnop"), fc.constant(0.5)), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 8 }), (given, capacity) => {
      const hitters = new HeavyHitters(capacity);
      for (const step of given) {
        if (typeof step === "number") {
          hitters.decay(step, 0.01);
          continue;
        }
        const before = hitters.top(capacity);
        hitters.add(step, 1);
        if (before.length < capacity || before.some(({ item }) => item === step)) continue;
        const least = before.at(-1)!.count;
        expect(hitters.top(capacity)).toContainEqual({ item: step, count: least + 1, error: least });
      }
    }),
  );
});

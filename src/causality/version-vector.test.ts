import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareVectors,
  counterOf,
  covers,
  descends,
  EMPTY_VECTOR,
  equalVectors,
  joinVectors,
  type VersionVector,
  withDot,
} from "./version-vector.ts";

const vector = (entries: Record<number, number>): VersionVector =>
  Object.entries(entries).map(([actor, counter]) => ({ actor: BigInt(actor), counter }));

const anyVector = fc
  .dictionary(fc.nat(5).map(String), fc.integer({ min: 1, max: 4 }))
  .map((entries) => vector(entries));

test("covers an actor's writes up to its entry", () => {
  const seen = vector({ 1: 7, 3: 2 });
  expect(covers(seen, { actor: 1n, counter: 7 })).toBe(true);
  expect(covers(seen, { actor: 1n, counter: 8 })).toBe(false);
  expect(covers(seen, { actor: 2n, counter: 1 })).toBe(false);
  expect(covers(EMPTY_VECTOR, { actor: 1n, counter: 1 })).toBe(false);
});

test.each([
  [{ 1: 2 }, { 1: 2 }, "equal"],
  [{ 1: 2 }, { 1: 3 }, "before"],
  [{ 1: 2 }, { 1: 2, 2: 1 }, "before"],
  [{ 1: 2, 2: 1 }, {}, "after"],
  [{ 1: 2 }, { 2: 1 }, "concurrent"],
  [{ 1: 2, 2: 1 }, { 1: 1, 2: 2 }, "concurrent"],
] as const)("%j to %j is %s", (a, b, order) => {
  expect(compareVectors(vector(a), vector(b))).toBe(order);
});

test("a dot is added in its place", () => {
  const seen = vector({ 1: 7, 3: 2 });
  expect(withDot(seen, { actor: 2n, counter: 5 })).toEqual(vector({ 1: 7, 2: 5, 3: 2 }));
  expect(withDot(seen, { actor: 3n, counter: 9 })).toEqual(vector({ 1: 7, 3: 9 }));
});

test("the join covers what either covers and nothing more, and is sorted", () => {
  fc.assert(
    fc.property(anyVector, anyVector, (a, b) => {
      const joined = joinVectors(a, b);
      for (let actor = 0n; actor <= 6n; actor++) {
        expect(counterOf(joined, actor)).toBe(Math.max(counterOf(a, actor), counterOf(b, actor)));
      }
      const actors = joined.map((entry) => entry.actor);
      expect(actors).toEqual([...new Set(actors)].sort());
    }),
  );
});

test("the order agrees with the join", () => {
  fc.assert(
    fc.property(anyVector, anyVector, (a, b) => {
      expect(descends(a, b)).toBe(equalVectors(joinVectors(a, b), a));
      expect(compareVectors(a, b) === "equal").toBe(equalVectors(a, b));
      const mirrored = { before: "after", after: "before", equal: "equal", concurrent: "concurrent" };
      expect(compareVectors(b, a)).toBe(mirrored[compareVectors(a, b)]);
    }),
  );
});

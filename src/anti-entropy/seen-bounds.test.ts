import { expect, test } from "vitest";
import { SLOT_COUNT } from "../ring/slot.ts";
import { Collection } from "./collection.ts";
import { equalGroups } from "./equal-slots.ts";
import { SeenBounds } from "./seen-bounds.ts";

const one = [{ actor: 1n, counter: 5 }];
const two = [{ actor: 2n, counter: 7 }];

test("what was kept of bounds stays as it was when they rise, and when they are dropped", () => {
  const bounds = new SeenBounds();
  const empty = bounds.snapshot();
  expect(bounds.raise([{ first: 3, last: 9 }], one)).toBe(true);
  const raised = bounds.snapshot();
  bounds.drop((slot) => slot > 3);
  expect([empty[3], raised[3], bounds.of(3), bounds.of(4)]).toEqual([[], one, [], one]);
});

test("slots that were equal and are raised alike share a vector, and rise but once", () => {
  const bounds = new SeenBounds();
  bounds.raise([{ first: 0, last: 4 }], one);
  expect(bounds.raise([{ first: 2, last: 8 }], two)).toBe(true);
  expect(bounds.of(2)).toEqual([...one, ...two]);
  expect(bounds.of(2)).toBe(bounds.of(4));
  expect(bounds.of(8)).toEqual(two);
  expect(bounds.highest).toEqual([...one, ...two]);
  expect(bounds.raise([{ first: 0, last: 4 }], one)).toBe(false);
});

test("slots are gathered by what was seen of them, in spans", () => {
  const seen = Array.from({ length: SLOT_COUNT }, (_, slot) => (slot < 4 ? one : two));
  const spans = [
    { first: 1, last: 5 },
    { first: 9, last: 9 },
  ];
  expect(equalGroups(spans, seen)).toEqual([
    { seen: one, spans: [{ first: 1, last: 3 }] },
    {
      seen: two,
      spans: [
        { first: 4, last: 5 },
        { first: 9, last: 9 },
      ],
    },
  ]);
});

test("only what all other owners were equal in, after all had told, is newly seen", () => {
  const collection = new Collection();
  collection.onMuster({ atMs: 10, settled: one });
  collection.onEqual("a", [{ first: 0, last: 9 }], { sinceMs: 20, seen: [] });
  collection.onEqual("b", [{ first: 4, last: 9 }], { sinceMs: 20, seen: [] });
  collection.onEqual("b", [{ first: 0, last: 3 }], { sinceMs: 5, seen: [] });
  const owned = [
    { first: 2, last: 6, others: ["a", "b"] },
    { first: 7, last: 9, others: ["a", "c"] },
  ];
  expect(collection.newlySeen(owned)).toEqual([{ seen: one, spans: [{ first: 4, last: 6 }] }]);
});

import { expect, test } from "vitest";
import { INT64_MAX, INT64_MIN, NEVER } from "./cell.ts";
import { merge } from "./cell-merge.ts";
import { ALICE, BOB, CAROL, dot, shown, stamp, value } from "./cell-samples.oracle.ts";
import { liveAt, resolve, resolveAll } from "./cell-value.ts";
import {
  changeExpiry,
  increment,
  overwrite,
  putWithContext,
  remove,
  removeWithContext,
  seenContext,
} from "./cell-write.ts";

test("a SET leaves one sibling, and the context of all it has seen", () => {
  const first = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  const second = overwrite(first, value("y", stamp(BOB, 1, 20)));
  expect(second.siblings).toEqual([value("y", stamp(BOB, 1, 20))]);
  expect(second.context).toEqual([dot(ALICE, 1), dot(BOB, 1)]);
  expect(merge(first, second)).toEqual(second);
});

test("concurrent SETs are both kept until one has seen both", () => {
  const x = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  const y = overwrite(undefined, value("y", stamp(BOB, 1, 20)));
  const both = merge(x, y);
  expect(resolveAll(both, 0)).toHaveLength(2);
  expect(shown(both)).toBe("y");
  expect(overwrite(both, value("z", stamp(CAROL, 1, 5))).siblings).toHaveLength(1);
});

test("KV.PUT replaces what its client saw, no more", () => {
  const x = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  const seen = seenContext(x);
  const y = overwrite(x, value("y", stamp(BOB, 1, 20)));
  const both = putWithContext(y, seen, value("z", stamp(ALICE, 2, 30)));
  expect(both.siblings.map((sibling) => sibling.dot)).toEqual([dot(ALICE, 2), dot(BOB, 1)]);
  const one = putWithContext(both, seenContext(both), value("merged", stamp(BOB, 2, 40)));
  expect(one.siblings).toEqual([value("merged", stamp(BOB, 2, 40))]);
});

test("KV.PUT with the context of an absent row is a sibling of whatever is there", () => {
  const x = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  expect(putWithContext(x, seenContext(undefined), value("y", stamp(ALICE, 2, 20))).siblings).toHaveLength(2);
});

test("a context that claims the write itself is refused", () => {
  const seen = seenContext(overwrite(undefined, value("x", stamp(ALICE, 9, 10))));
  expect(() => putWithContext(undefined, seen, value("y", stamp(ALICE, 3, 20)))).toThrow(
    expect.objectContaining({ code: "INVALID_REQUEST", outcome: "not-applied" }),
  );
});

test("a dot that the row has seen already is refused, a counter that is none is a bug", () => {
  const cell = overwrite(undefined, value("x", stamp(ALICE, 3, 10)));
  const corrupt = expect.objectContaining({ code: "CORRUPTION", outcome: "not-applied" });
  expect(() => overwrite(cell, value("y", stamp(ALICE, 3, 11)))).toThrow(corrupt);
  expect(() => increment(cell, dot(ALICE, 2), 1n)).toThrow(corrupt);
  expect(() => overwrite(cell, value("y", stamp(BOB, 0, 11)))).toThrow("whole number");
});

test("DEL kills what it has seen, wherever that turns up again", () => {
  const x = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  const deleted = remove(x);
  expect(merge(deleted, x)).toEqual(deleted);
  const y = overwrite(undefined, value("y", stamp(BOB, 1, 20)));
  expect(shown(merge(deleted, y))).toBe("y");
});

test("KV.DEL spares what its client had not seen", () => {
  const x = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  const both = merge(x, overwrite(undefined, value("y", stamp(BOB, 1, 20))));
  expect(removeWithContext(both, seenContext(x)).siblings).toEqual([value("y", stamp(BOB, 1, 20))]);
});

test("concurrent INCRs all count", () => {
  const base = overwrite(undefined, value("10", stamp(ALICE, 1, 10)));
  const atAlice = increment(increment(base, dot(ALICE, 2), 1n), dot(ALICE, 3), 1n);
  const atBob = increment(base, dot(BOB, 1), 5n);
  const merged = merge(atAlice, atBob);
  expect(shown(merged)).toBe("17");
  expect(merged.siblings).toHaveLength(3);
});

test("of a run that goes on while a SET kills its beginning, only the rest counts", () => {
  const early = increment(undefined, dot(ALICE, 7), 5n);
  const set = overwrite(early, value("100", stamp(BOB, 1, 10)));
  const late = increment(early, dot(ALICE, 8), 1n);
  expect(shown(set)).toBe("100");
  expect(shown(late)).toBe("6");
  expect(shown(merge(set, late))).toBe("101");
  expect(shown(increment(merge(set, late), dot(ALICE, 9), 1n))).toBe("102");
});

test("KV.PUT of a counter counts what came after the read, once", () => {
  const early = increment(undefined, dot(ALICE, 7), 5n);
  const late = increment(early, dot(ALICE, 8), 1n);
  const put = putWithContext(late, seenContext(early), value("50", stamp(BOB, 1, 10)));
  expect(shown(put)).toBe("51");
});

test("a deleted counter begins anew, and an increment concurrent to the DEL survives it", () => {
  const early = increment(undefined, dot(ALICE, 7), 5n);
  const deleted = remove(early);
  expect(shown(increment(deleted, dot(ALICE, 8), 1n))).toBe("1");
  const late = increment(early, dot(ALICE, 8), 3n);
  expect(shown(merge(deleted, late))).toBe("3");
});

test("its own SET lets an actor forget its run; another's cannot", () => {
  const run = increment(undefined, dot(ALICE, 7), 5n);
  expect(overwrite(run, value("0", stamp(ALICE, 8, 10))).absorbed).toEqual([]);
  const byBob = overwrite(run, value("0", stamp(BOB, 1, 10)));
  expect(byBob.absorbed).toEqual([{ actor: ALICE, first: 7, upTo: 7, total: 5n }]);
  expect(increment(byBob, dot(ALICE, 9), 2n).absorbed).toEqual([]);
  expect(overwrite(byBob, value("1", stamp(ALICE, 9, 20))).absorbed).toEqual([]);
});

test("a run that would leave 64 bits is refused, on both ends", () => {
  const overflow = expect.objectContaining({ code: "INVALID_REQUEST", outcome: "not-applied" });
  const high = increment(undefined, dot(ALICE, 1), INT64_MAX);
  expect(() => increment(high, dot(ALICE, 2), 1n)).toThrow(overflow);
  expect(shown(increment(high, dot(ALICE, 2), -1n))).toBe(`${INT64_MAX - 1n}`);
  const low = increment(undefined, dot(ALICE, 1), INT64_MIN);
  expect(() => increment(low, dot(ALICE, 2), -1n)).toThrow(overflow);
});

test("concurrent runs that leave 64 bits together do not wrap", () => {
  const merged = merge(
    increment(undefined, dot(ALICE, 1), INT64_MAX),
    increment(undefined, dot(BOB, 1), INT64_MAX),
  );
  expect(shown(merged)).toBe(`${2n * INT64_MAX}`);
});

test("EXPIRE gives a value a new dot and expiry, and keeps its age", () => {
  const cell = overwrite(undefined, value("x", stamp(ALICE, 1, 10)));
  const expiring = changeExpiry(cell, stamp(BOB, 1, 50), 99);
  expect(expiring.siblings).toEqual([value("x", { dot: dot(BOB, 1), hlc: { wallMs: 10, logical: 0 } }, 99)]);
  expect(merge(cell, expiring)).toEqual(expiring);
});

test("a SET newer than the value wins over a concurrent EXPIRE of it, even a later one", () => {
  const cell = overwrite(undefined, value("old", stamp(ALICE, 1, 10)));
  const set = overwrite(cell, value("new", stamp(ALICE, 2, 20)));
  const expiring = changeExpiry(cell, stamp(BOB, 1, 50), 99);
  expect(shown(merge(set, expiring))).toBe("new");
});

test("EXPIRE loses and doubles no concurrent increment", () => {
  const base = increment(overwrite(undefined, value("10", stamp(ALICE, 1, 10))), dot(BOB, 1), 1n);
  const atAlice = changeExpiry(base, stamp(ALICE, 2, 20), 99);
  const atCarol = changeExpiry(increment(base, dot(CAROL, 1), 1n), stamp(CAROL, 2, 30), 88);
  const atBob = increment(base, dot(BOB, 2), 1n);
  const merged = merge(merge(atAlice, atBob), atCarol);
  expect(shown(merged)).toBe("13");
  expect(shown(merged, 100)).toBeUndefined();
});

test("INCR then EXPIRE on many nodes at once: all count, and all expire", () => {
  const limited = [ALICE, BOB, CAROL].map((actor, i) =>
    changeExpiry(increment(undefined, dot(actor, 1), 1n), stamp(actor, 2, 10 + i), 60),
  );
  const straggler = increment(undefined, dot(0n, 1), 1n);
  const merged = [...limited, straggler].reduce(merge);
  expect(shown(merged)).toBe("4");
  expect(resolve(merged, 0)?.expiresAtMs).toBe(60);
  expect(shown(merged, 60)).toBeUndefined();
});

test("PERSIST takes the expiry back, of values and of counters", () => {
  const text = overwrite(undefined, value("x", stamp(ALICE, 1, 10), 50));
  expect(shown(changeExpiry(text, stamp(ALICE, 2, 11), NEVER), 60)).toBe("x");
  const counter = changeExpiry(increment(undefined, dot(ALICE, 1), 3n), stamp(ALICE, 2, 10), 50);
  expect(shown(changeExpiry(counter, stamp(BOB, 1, 11), NEVER), 60)).toBe("3");
});

test("an INCR keeps the expiry of the value, and starts anew after it", () => {
  const base = overwrite(undefined, value("10", stamp(ALICE, 1, 10), 50));
  const counted = increment(base, dot(BOB, 1), 1n);
  expect(resolve(counted, 49)?.expiresAtMs).toBe(50);
  expect(shown(counted, 50)).toBeUndefined();
  const anew = increment(liveAt(counted, 50), dot(BOB, 2), 1n);
  expect(shown(anew, 50)).toBe("1");
  expect(resolve(anew, 50)?.expiresAtMs).toBe(NEVER);
  expect(shown(merge(anew, counted), 50)).toBe("1");
});

test("there is no expiry of nothing", () => {
  const deleted = remove(overwrite(undefined, value("x", stamp(ALICE, 1, 10))));
  expect(() => changeExpiry(deleted, stamp(ALICE, 2, 20), 50)).toThrow("nothing there");
});

/** What is kept of what came. */
import { expect, test } from "vitest";
import type { ClusterEvent } from "../api/answers.ts";
import { withEvents } from "./event-log.ts";
import { WINDOW_SECONDS, withSamples } from "./series-window.ts";

const event = (id: number): ClusterEvent => ({ id, atMs: id * 10, kind: "x", text: `${id}`, level: "ok" });

test("events are newest first, each once, whatever comes twice", () => {
  const known = withEvents([], [event(1), event(3)]);
  expect(withEvents(known, [event(2), event(3), event(4)]).map(({ id }) => id)).toEqual([4, 3, 2, 1]);
  expect(withEvents(known, [event(1)])).toBe(known);
});

test("a node that began anew counts from 1 again", () => {
  const known = withEvents([], [event(1)]);
  expect(withEvents(known, [{ ...event(1), atMs: 999 }])).toHaveLength(2);
});

test("no more than a page can bear are kept", () => {
  const many = Array.from({ length: 1000 }, (_, i) => event(i));
  const kept = withEvents([], many);
  expect(kept).toHaveLength(200);
  expect(kept[0]!.id).toBe(999);
});

test("samples that overlap are joined", () => {
  const first = withSamples(undefined, { times: [1000, 2000], ops: [5, 6] });
  const second = withSamples(first, { times: [2000, 3000], ops: [9, 7] });
  expect(second.times).toEqual([1000, 2000, 3000]);
  expect(second.ops).toEqual([5, 6, 7]);
});

test("a series that a node does not tell is empty, not shorter", () => {
  const joined = withSamples(withSamples(undefined, { times: [1000], ops: [5] }), {
    times: [2000],
    lag: [1],
  });
  expect([joined.ops, joined.lag]).toEqual([
    [5, null],
    [null, 1],
  ]);
});

test("what is older than the window goes", () => {
  const first = withSamples(undefined, { times: [0, 1000], ops: [1, 2] });
  const later = WINDOW_SECONDS * 1000 + 500;
  expect(withSamples(first, { times: [later], ops: [3] })).toMatchObject({
    times: [1000, later],
    ops: [2, 3],
  });
});

import { expect, test } from "vitest";
import { type Heard, metAmong, nextEntryStep } from "./entry.ts";
import { sortedIds } from "./greeting.ts";
import type { Newcomer } from "./topology-change.ts";

const node = (name: string): Newcomer => ({
  id: name.repeat(16),
  datacenter: "d",
  rack: "r",
  machine: name,
  weight: 1,
});
const ids = (names: string): readonly string[] => sortedIds([...names].map((name) => name.repeat(16)));

/** `met`: names of those that it has met. */
function greeting(name: string, met: string, clusterId = ""): Heard {
  return { kind: "greeting", greeting: { self: node(name), address: `${name}:1`, met: ids(met), clusterId } };
}

const nobody: Heard = { kind: "nobody", reason: "refused" };

test("the lowest of those who have all met founds the cluster, the others wait for it", () => {
  const heardByA = new Map([
    ["b:1", greeting("b", "abc")],
    ["c:1", greeting("c", "abc")],
    ["a:1", { kind: "itself" } as const],
  ]);
  expect(nextEntryStep(node("a"), heardByA)).toEqual({ kind: "found", founders: ["a", "b", "c"].map(node) });
  const heardByB = new Map([
    ["a:1", greeting("a", "abc")],
    ["c:1", greeting("c", "abc")],
  ]);
  expect(nextEntryStep(node("b"), heardByB)).toMatchObject({
    kind: "wait",
    reason: expect.stringContaining("to found"),
  });
});

test("who was told of nobody founds at once", () => {
  expect(nextEntryStep(node("a"), new Map())).toEqual({ kind: "found", founders: [node("a")] });
});

test.each([
  ["one of them has met others", new Map([["b:1", greeting("b", "abd")]])],
  ["one of them has not met all of its own yet", new Map([["b:1", greeting("b", "")]])],
  [
    "somebody is not there",
    new Map([
      ["b:1", greeting("b", "ab")],
      ["c:1", nobody],
    ]),
  ],
])("nobody founds while %s", (_, heard) => {
  expect(nextEntryStep(node("a"), heard)).toMatchObject({ kind: "wait" });
});

test("a cluster that is there is joined, whoever else is missing", () => {
  const heard = new Map([
    ["b:1", nobody],
    ["c:1", greeting("c", "c", "orders")],
  ]);
  expect(nextEntryStep(node("a"), heard)).toEqual({ kind: "join", address: "c:1", clusterId: "orders" });
  expect(nextEntryStep(node("a"), heard.set("b:1", greeting("b", "b", "people")))).toMatchObject({
    kind: "wait",
  });
});

test("others are told whom a node has met once it has met all", () => {
  const heard = new Map([
    ["b:1", greeting("b", "")],
    ["c:1", nobody],
  ]);
  expect(metAmong(node("a"), heard)).toEqual([]);
  expect(metAmong(node("a"), heard.set("c:1", greeting("c", "")))).toEqual(ids("abc"));
});

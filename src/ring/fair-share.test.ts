import { expect, test } from "vitest";
import { fairShares } from "./fair-share.ts";
import type { RingMember } from "./ring-member.ts";
import { createSite } from "./site.ts";

/** "rack/machine*weight" each, weight 1 if not given. */
function shares(copies: number, ...nodes: readonly string[]): readonly number[] {
  const members = nodes.map((text, i): RingMember => {
    const [, rack, machine, weight] = /^(\w+)\/(\w+)(?:\*(\d))?$/.exec(text)!;
    const id = `n${i}`;
    return { id, datacenter: "d", rack: rack!, machine: machine!, weight: Number(weight ?? 1), tokens: [] };
  });
  return [...fairShares(createSite(members, copies))].map((share) => Math.round(share * 1000) / 1000);
}

test("with room to spare load follows weight", () => {
  expect(shares(2, "a/a", "b/b", "c/c*2", "d/d*4")).toEqual([0.25, 0.25, 0.5, 1]);
});

test("a machine holds one copy of a slot at most, and its nodes divide it by weight", () => {
  expect(shares(2, "a/a*2", "a/a*6", "b/b", "c/c")).toEqual([0.25, 0.75, 0.5, 0.5]);
});

test("a rack holds one copy of a slot at most where there are racks enough", () => {
  expect(shares(3, "a/a", "a/b", "a/c", "a/d", "b/e", "c/f", "d/g")).toEqual([
    0.25, 0.25, 0.25, 0.25, 0.667, 0.667, 0.667,
  ]);
  expect(shares(3, "a/a", "b/b", "c/c", "c/d")).toEqual([1, 1, 0.5, 0.5]);
});

test("copies go round the racks before a rack gets one more", () => {
  expect(shares(3, "a/a", "a/b", "b/c", "b/d")).toEqual([0.75, 0.75, 0.75, 0.75]);
  expect(shares(3, "a/a", "a/b", "a/c", "b/d")).toEqual([0.667, 0.667, 0.667, 1]);
});

test("there are no more copies than machines", () => {
  expect(shares(3, "a/a", "a/a")).toEqual([0.5, 0.5]);
  expect(shares(3, "a/a", "a/b*4")).toEqual([1, 1]);
});

import { expect, test } from "vitest";
import { SlotOwners } from "./slot-owners.ts";

const LISTS = [
  ["me", "a"],
  ["a", "b"],
  ["b", "me"],
].map((ids) => ids.map((id) => ({ id })));
const listOf = (slot: number) => LISTS[slot < 100 ? 0 : slot < 200 ? 1 : 2]!;
const view = {
  self: { id: "me" },
  epoch: 1,
  replicasOf: listOf,
  owns: (id: string, slot: number) => listOf(slot).some((each) => each.id === id),
};
const owners = new SlotOwners(view as unknown as ConstructorParameters<typeof SlotOwners>[0]);

test("spans are told by who else owns them", () => {
  const spans = [
    { first: 99, last: 201 },
    { first: 0, last: 0 },
  ];
  expect([...owners.within(spans)]).toEqual([
    { first: 99, last: 99, others: ["a"] },
    { first: 100, last: 199, others: ["a", "b"] },
    { first: 200, last: 201, others: ["b"] },
    { first: 0, last: 0, others: ["a"] },
  ]);
});

test("of some slots, those are found that another one keeps, too", () => {
  expect(owners.sharedWith("a", [{ first: 50, last: 300 }])).toEqual([
    { first: 50, last: 99 },
    { first: 100, last: 199 },
  ]);
});

test("a node keeps all of some slots, or not, until there is another plan", () => {
  expect(owners.keepsAll([{ first: 0, last: 99 }])).toBe(true);
  expect(owners.keepsAll([{ first: 90, last: 100 }])).toBe(false);
  view.epoch = 2;
  view.owns = () => true;
  expect(owners.keepsAll([{ first: 90, last: 100 }])).toBe(true);
});

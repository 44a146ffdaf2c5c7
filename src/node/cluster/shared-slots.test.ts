import { expect, test } from "vitest";
import { SharedSlots } from "./shared-slots.ts";

/** Node i owns all slots but those whose number leaves the remainder i when divided by three. */
function viewOf(epoch: number) {
  const self = { id: "0", machine: "0", rack: "r", datacenter: "d" };
  const starts = Array.from({ length: 16_384 }, (_, slot) => slot);
  return { self, epoch, starts, owns: (id: string, slot: number) => slot % 3 !== Number(id) };
}

test("shared are the slots that both own, as spans within those that are asked for", () => {
  const shared = new SharedSlots(viewOf(1));
  expect([...shared.with("1").subarray(0, 7)]).toEqual([0, 0, 1, 0, 0, 1, 0]);
  expect(shared.spansWith("1", { first: 3, last: 9 })).toEqual([
    { first: 5, last: 5 },
    { first: 8, last: 8 },
  ]);
  expect(shared.spansWith("1", { first: 3, last: 4 })).toEqual([]);
});

test("neighbouring slots are one span, to the last of those that are asked for", () => {
  const view = { ...viewOf(1), owns: (id: string, slot: number) => id === "0" || slot > 16_000 };
  expect(new SharedSlots(view).spansWith("1", { first: 0, last: 16_383 })).toEqual([
    { first: 16_001, last: 16_383 },
  ]);
  expect(new SharedSlots(view).spansWith("1", { first: 16_005, last: 16_010 })).toEqual([
    { first: 16_005, last: 16_010 },
  ]);
});

test("another epoch is looked at anew", () => {
  const view = viewOf(1);
  const shared = new SharedSlots(view);
  expect(shared.with("1")[2]).toBe(1);
  view.owns = () => false;
  expect(shared.with("1")[2]).toBe(1);
  view.epoch = 2;
  expect(shared.with("1")[2]).toBe(0);
});

import { expect, test } from "vitest";
import { type Fetch, IntakePlan, spansOf } from "./intake-plan.ts";
import type { SlotMove } from "./slot-moves.ts";

const members = [..."abcd"].map((id) => ({ id, machine: `m${id}`, rack: "r", datacenter: "dc" }));
const everybody = (): boolean => true;
const moved = (slot: number, before: string): SlotMove => ({ slot, before: [...before], after: [] });

/** What it fetches, in order, with those up that are named. */
function fetchesOf(plan: IntakePlan, up: string): string[] {
  const isUp = (id: string): boolean => up.includes(id);
  const fetches: string[] = [];
  for (let next: Fetch | undefined = plan.next(isUp); next !== undefined; next = plan.next(isUp)) {
    fetches.push(`${next.from} ${next.slots.length}`);
    plan.onFetched(next);
  }
  return fetches;
}

test("each slot is fetched from one owner first, shared out evenly, and then from the others", () => {
  const moves = Array.from({ length: 300 }, (_, slot) => moved(slot, ["abc", "bcd", "cda"][slot % 3]!));
  const plan = new IntakePlan("self", moves, members);
  const fetches = fetchesOf(plan, "abcd");
  expect(fetches.slice(0, 3).sort()).toEqual(["a 100", "b 100", "c 100"]);
  expect(plan.isFilled(everybody)).toBe(true);
  expect([plan.progress(), plan.missed]).toEqual([1, []]);
});

test("who is down is left out as long as a majority is left, and told", () => {
  const plan = new IntakePlan("self", [moved(1, "abc")], members);
  fetchesOf(plan, "ab");
  const isUp = (id: string): boolean => id !== "c";
  expect([plan.isFilled(isUp), plan.isFilled(everybody), plan.missed]).toEqual([true, false, ["c"]]);
});

test("with less than a majority it is not filled", () => {
  const plan = new IntakePlan("self", [moved(1, "abc")], members);
  fetchesOf(plan, "a");
  expect(plan.isFilled((id) => id === "a")).toBe(false);
});

test("two owners on one machine are no majority of three", () => {
  const twins = members.map((member) => (member.id === "b" ? { ...member, machine: "ma" } : member));
  const plan = new IntakePlan("self", [moved(1, "abcd")], twins);
  fetchesOf(plan, "ab");
  expect(plan.isFilled((id) => "ab".includes(id))).toBe(false);
});

test("a majority of each datacenter is wanted, as far as it has owners that stay", () => {
  const east = (id: string): boolean => "de".includes(id);
  const all = [..."abcde"].map((id) => ({
    ...members[0]!,
    id,
    machine: id,
    datacenter: east(id) ? "e" : "w",
  }));
  const filled = (up: string, departing?: string): boolean => {
    const plan = new IntakePlan("self", [moved(1, "abcde")], all, departing);
    fetchesOf(plan, up);
    return plan.isFilled((id) => up.includes(id));
  };
  expect([filled("abde"), filled("abc"), filled("abcd"), filled("ade")]).toEqual([true, false, false, false]);
  expect([filled("abcd", "e"), filled("acd", "e"), filled("ad", "e")]).toEqual([true, true, false]);
});

test("many slots are fetched in parts", () => {
  const moves = Array.from({ length: 2_000 }, (_, slot) => moved(slot, "abc"));
  const plan = new IntakePlan("self", moves, members);
  const sizes = fetchesOf(plan, "abc").map((fetch) => Number(fetch.slice(2)));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(512);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(3 * 2_000);
});

test("slots that follow each other are one span", () => {
  expect(spansOf([1, 2, 3, 7, 9, 10])).toEqual([
    { first: 1, last: 3 },
    { first: 7, last: 7 },
    { first: 9, last: 10 },
  ]);
});

test("who keeps a slot now and then asks the others for what it lacks, and not itself", () => {
  const plan = new IntakePlan("a", [moved(1, "abc")], members);
  const asked: string[] = [];
  const isUp = (id: string): boolean => id !== "c";
  for (let fetch = plan.next(isUp); fetch !== undefined; fetch = plan.next(isUp)) {
    expect(plan.isFilled(isUp)).toBe(false);
    asked.push(fetch.from);
    plan.onFetched(fetch);
  }
  expect(asked).toEqual(["b"]);
  expect(plan.isFilled(isUp)).toBe(true);
  expect(plan.missed).toEqual(["c"]);
});

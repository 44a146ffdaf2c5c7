import { expect, test } from "vitest";
import type { Happening } from "./event-log.ts";
import { EventWatch, type Picture, STORM_ROWS_PER_SECOND } from "./event-watch.ts";

const member = { id: "b", name: "node-2", isUp: true, isSuspect: false, hintsPending: 0 };
const QUIET: Picture = {
  ...{ epoch: 1, members: [member], move: undefined, mendedRows: 0, evictedRows: 0, overloads: 0 },
  diskRefusal: undefined,
};

/** What is told when the pictures are shown a second after each other. */
function told(...changes: readonly Partial<Picture>[]): string[] {
  const happenings: Happening[] = [];
  const watch = new EventWatch((happening) => void happenings.push(happening));
  watch.look(QUIET, 0);
  for (const [i, change] of changes.entries()) watch.look({ ...QUIET, ...change }, (i + 1) * 1000);
  return happenings.map(({ kind, level, text }) => `${kind} ${level}: ${text}`);
}

const having = (change: Partial<typeof member>) => ({ members: [{ ...member, ...change }] });

test("the first picture, and one like it, tell nothing", () => {
  expect(told({})).toEqual([]);
});

test("a member that goes down, has hints kept for it, and comes back", () => {
  const down = { isUp: false };
  expect(told(having(down), having({ ...down, hintsPending: 7 }), having({ hintsPending: 7 }), {})).toEqual([
    "node-down warn: node-2 is down.",
    "hints warn: This node keeps what node-2 misses.",
    "node-up ok: node-2 is up.",
    "hints ok: node-2 has been given all that it had missed here.",
  ]);
});

test("a suspect is told of while it is still taken for up", () => {
  expect(told(having({ isSuspect: true }))).toEqual(["node-suspect warn: node-2 has not been heard of."]);
  expect(told(having({ isSuspect: true, isUp: false }))).toEqual(["node-down warn: node-2 is down."]);
});

test("a move, stage by stage, with its plans", () => {
  const move = (stage: string) => ({ kind: "join", name: "node-4", stage });
  expect(
    told({ epoch: 2, move: move("streaming") }, { epoch: 3, move: move("settling") }, { epoch: 4 }),
  ).toEqual([
    "topology ok: The cluster has a new plan, epoch 2: 1 member.",
    "move ok: Slots are on their way (join of node-4): streaming.",
    "topology ok: The cluster has a new plan, epoch 3: 1 member.",
    "move ok: Slots are on their way (join of node-4): settling.",
    "topology ok: The cluster has a new plan, epoch 4: 1 member.",
    "move ok: The move of slots for node-4 is over.",
  ]);
});

test("what goes on is told of at once, and then from time to time", () => {
  const pictures = Array.from({ length: 12 }, (_, i) => ({ mendedRows: 1000 * (i + 1) }));
  expect(told(...pictures)).toEqual([
    "repair ok: Exchanges have mended 1,000 rows.",
    "repair ok: Exchanges have mended 10,000 rows.",
  ]);
});

test("counts that are set back are not taken for something", () => {
  expect(told({ overloads: 3 }, { overloads: 0 })).toEqual([
    "overload warn: 3 requests had to be refused: too many were under way.",
  ]);
});

test("an eviction storm begins, and is over when it has been calm for a while", () => {
  const rows = (i: number) => ({ evictedRows: Math.min(i, 3) * STORM_ROWS_PER_SECOND });
  expect(told(...Array.from({ length: 14 }, (_, i) => rows(i + 1)))).toEqual([
    "eviction-storm warn: Memory is full: about 1,000 keys a second are evicted.",
    "eviction-storm ok: Few keys are evicted now.",
  ]);
  expect(told({ evictedRows: STORM_ROWS_PER_SECOND - 1 })).toEqual([]);
});

test("a disk that takes no writes, and takes them again", () => {
  expect(told({ diskRefusal: "disk full" }, {})).toEqual([
    "disk bad: The disk takes no writes: disk full.",
    "disk ok: The disk takes writes again.",
  ]);
});

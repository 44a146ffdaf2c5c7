/** Promises must follow from the settings, and none be claimed that a fault may break. */
import { expect, test } from "vitest";
import { type PromiseGrounds, promisesOf, promisesOnceJoined } from "./promises.ts";

const STRICT: PromiseGrounds = {
  machines: 3,
  nodes: 3,
  copies: 3,
  read: "quorum",
  write: "quorum",
  isSloppy: true,
  isSynced: true,
  hasKills: true,
  hasCrashes: true,
  hasClockFaults: false,
  isInMemory: false,
  repairsItself: false,
};

test("quorums that overlap, disks that keep what they have, and clocks that agree promise all", () => {
  expect(promisesOf(STRICT)).toMatchObject({ isLinearizable: true, readsSeeWrites: true, wipesSurvived: 1 });
});

test.each<[string, Partial<PromiseGrounds>]>([
  ["reads of one", { read: "one" }],
  ["writes to one", { write: 1 }],
  ["fallbacks that may hold a write", { machines: 5, nodes: 5 }],
  ["fallbacks on the machines of replicas", { nodes: 6 }],
  ["crashes that take what is not synced", { isSynced: false }],
  ["deaths that take what is in memory", { isSynced: false, hasCrashes: false, isInMemory: true }],
])("reads need not see writes with %s", (_, change) => {
  expect(promisesOf({ ...STRICT, ...change })).toMatchObject({
    isLinearizable: false,
    readsSeeWrites: false,
  });
});

test("with a read of all and a write to one reads see writes, but not as if one by one", () => {
  expect(promisesOf({ ...STRICT, read: "all", write: "one" })).toMatchObject({
    isLinearizable: false,
    readsSeeWrites: true,
    readsAreMonotonic: true,
    wipesSurvived: 0,
  });
});

test("clocks that differ order blind writes otherwise than they came", () => {
  expect(promisesOf({ ...STRICT, hasClockFaults: true })).toMatchObject({
    isLinearizable: false,
    readsSeeWrites: true,
  });
});

test.each<[PromiseGrounds["read"], PromiseGrounds["write"], boolean, boolean]>([
  ["quorum", "quorum", true, true],
  ["each_quorum", "each_quorum", true, true],
  ["local_quorum", "each_quorum", true, false], // reads of two datacenters may tell different times
  ["each_quorum", "local_quorum", true, false],
  ["local_quorum", "local_quorum", false, false],
  ["local_quorum", "quorum", false, false], // four of six may be three there and one here
  ["quorum", "local_quorum", false, false],
  ["quorum", "each_quorum", true, true],
  [3, "each_quorum", true, false],
])(
  "of two datacenters, read at %s and write at %s: sees %s, one by one %s",
  (read, write, sees, oneByOne) => {
    const grounds = { ...STRICT, machines: 6, copies: 6, sites: [3, 3], read, write };
    expect(promisesOf(grounds)).toMatchObject({ readsSeeWrites: sees, isLinearizable: oneByOne, copies: 3 });
  },
);

test("what a local quorum has acknowledged, one datacenter's loss of its disks may take", () => {
  const grounds = { ...STRICT, machines: 6, copies: 6, sites: [3, 3] };
  expect(promisesOf({ ...grounds, write: "local_quorum" }).wipesSurvived).toBe(1);
  expect(promisesOf({ ...grounds, write: "each_quorum" }).wipesSurvived).toBe(3);
});

function onceJoined(grounds: PromiseGrounds, joined: number) {
  return promisesOnceJoined(promisesOf(grounds), grounds, joined);
}

test("who has joined beyond the number of copies may stand in: from then on a write may rest on hints", () => {
  expect(onceJoined(STRICT, 0)).toEqual(promisesOf(STRICT));
  const kept = {
    ...promisesOf(STRICT),
    isLinearizable: false,
    readsSeeWrites: false,
    readsAreMonotonic: false,
  };
  expect(onceJoined(STRICT, 1)).toEqual(kept);
});

test("quorums grow with the copies that newcomers bring, what is one of one does not", () => {
  const alone = { ...STRICT, machines: 1, nodes: 1, sites: [1] };
  expect(onceJoined(alone, 2)).toMatchObject({ isLinearizable: true, readsSeeWrites: true });
  const one = { ...alone, read: "one", write: "one" } as const;
  expect(onceJoined(one, 0)).toMatchObject({ readsSeeWrites: true, readsAreMonotonic: true });
  expect(onceJoined(one, 1)).toMatchObject({ readsSeeWrites: false, readsAreMonotonic: false });
});

test("a newcomer to either of two datacenters is a copy there, or stands in", () => {
  const two = { ...STRICT, machines: 4, nodes: 4, copies: 6, sites: [2, 2] };
  expect(onceJoined(two, 2)).toMatchObject({ readsSeeWrites: false });
  expect(onceJoined({ ...two, isSloppy: false }, 4)).toMatchObject({ readsSeeWrites: true });
});

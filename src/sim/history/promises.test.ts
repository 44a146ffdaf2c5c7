/** Promises must follow from the settings, and none be claimed that a fault may break. */
import { expect, test } from "vitest";
import { type PromiseGrounds, promisesOf } from "./promises.ts";

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

test("there are no more copies than machines", () => {
  expect(promisesOf({ ...STRICT, machines: 2 }).copies).toBe(2);
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
    expect(promisesOf(grounds)).toMatchObject({ readsSeeWrites: sees, isLinearizable: oneByOne, copies: 6 });
  },
);

test("what a local quorum has acknowledged, one datacenter's loss of its disks may take", () => {
  const grounds = { ...STRICT, machines: 6, copies: 6, sites: [3, 3] };
  expect(promisesOf({ ...grounds, write: "local_quorum" }).wipesSurvived).toBe(1);
  expect(promisesOf({ ...grounds, write: "each_quorum" }).wipesSurvived).toBe(3);
});

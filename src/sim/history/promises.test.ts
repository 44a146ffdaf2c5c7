/** Promises must follow from the settings, and none be claimed that a fault may break. */
import { expect, test } from "vitest";
import { type PromiseGrounds, promisesOf } from "./promises.ts";

const STRICT: PromiseGrounds = {
  machines: 3,
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
  ["fallbacks that may hold a write", { machines: 5 }],
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

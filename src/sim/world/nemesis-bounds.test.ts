import { expect, test } from "vitest";
import { type BoundedCluster, boundsFor } from "./nemesis-bounds.ts";

function cluster(fsync: "always" | "everysec" | "no", writtenTo: number): BoundedCluster {
  return { nodes: 3, settings: { storage: "disk", fsync }, clockFaults: false, moves: false, writtenTo };
}

test("faults every 0 ms are none at all", () => {
  expect(boundsFor(cluster("always", 2), 0).kinds).toEqual({});
});

test("a kill takes what is not written yet: where the log is not synced at once, it counts as a crash", () => {
  expect(boundsFor(cluster("always", 1), 1_000)).toMatchObject({ killsLoseNothing: true, crashPauseMs: 0 });
  expect(boundsFor(cluster("everysec", 2), 1_000)).toMatchObject({
    killsLoseNothing: false,
    crashPauseMs: 10_000,
  });
  expect(boundsFor(cluster("no", 1), 1_000)).toMatchObject({ killsLoseNothing: false, crashesMax: 0 });
});

test("one disk goes or rots only where a write rests on two, and only if that was asked for", () => {
  const wiped = (fsync: "always" | "no", writtenTo: number) =>
    boundsFor({ ...cluster(fsync, writtenTo), wipes: true }, 1_000);
  expect(wiped("always", 2)).toMatchObject({ wipesMax: 1, kinds: { wipe: 1, "bit rot": 2 } });
  expect(wiped("no", 2).wipesMax).toBe(1);
  expect(wiped("always", 1).wipesMax).toBe(0);
  expect(boundsFor(cluster("always", 2), 1_000).kinds).not.toHaveProperty("wipe");
});

test("what keyspaces have in memory goes with every stop: in all so many as a write outlives", () => {
  const inMemory = (fsync: "always" | "no", writtenTo: number) =>
    boundsFor({ ...cluster(fsync, writtenTo), keyspaces: true, keyspacesInMemory: true }, 1_000);
  expect(inMemory("always", 3)).toMatchObject({ killsLoseNothing: false, crashesMax: 2 });
  expect(inMemory("always", 1).crashesMax).toBe(0);
  expect(inMemory("no", 3).crashesMax).toBe(1);
});

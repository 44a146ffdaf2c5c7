/** What a world tells of its deeds must do the same again when it is read. */
import { expect, test } from "vitest";
import { planCluster } from "../world/cluster-plan.ts";
import { SimCluster } from "../world/sim-cluster.ts";
import { FAULT_VERBS } from "./fault-verbs.ts";

type Deeds = (cluster: SimCluster) => void;

/** What is told of it. */
function told(deeds: Deeds): string[] {
  const lines: string[] = [];
  const onDeed = (words: readonly string[]): void => void lines.push(words.join(" "));
  deeds(new SimCluster("1", planCluster({ nodes: 4 }), { onDeed }));
  return lines;
}

const DEEDS: readonly (readonly [string, Deeds])[] = [
  ["kill n1", (cluster) => cluster.kill("n1")],
  ["crash n2", (cluster) => cluster.crash("n2")],
  ["wipe n2", (cluster) => cluster.wipe("n2")],
  ["backup n2", ({ world }) => world.backUp("n2")],
  ["start n3", (cluster) => cluster.start("n3")],
  ["start n3 peer-port=18000", (cluster) => cluster.start("n3", { peerPort: 18_000 })],
  ["start n3 speaks=1", (cluster) => cluster.start("n3", { speaks: 1 })],
  ["pause n1 1234.5ms", (cluster) => cluster.pause("n1", 1_234.5)],
  ["leave n1", (cluster) => cluster.leave("n1")],
  ["weight n1 2", (cluster) => cluster.reweigh("n1", 2)],
  [
    "join n5 dc=dc1 weight=2",
    (cluster) =>
      cluster.join({
        name: "n5",
        datacenter: "dc1",
        rack: "rack of n5",
        machine: "machine of n5",
        weight: 2,
      }),
  ],
  ["partition n1 n2 | n3", ({ world }) => world.partition(["n1", "n2"], "n3")],
  ["one-way n1 | n3 n4", ({ world }) => world.partitionOneWay("n1", ["n3", "n4"])],
  ["unpartition n1 | n3", ({ world }) => world.unpartition("n1", "n3")],
  ["heal", ({ world }) => world.heal()],
  ["cut n1 n2", ({ world }) => world.dropConnections("n1", "n2")],
  ["forget n1 n2", ({ world }) => world.forgetConnections("n1", "n2")],
  ["mute n1 n2", ({ world }) => world.muteConnections("n1", "n2")],
  ["link n1 n2 loss=0.25", ({ world }) => world.setLink("n1", "n2", { lossOdds: 0.25 })],
  [
    "link n1 n2 bytes-per-second=Infinity",
    ({ world }) => world.setLink("n1", "n2", { bytesPerSecond: 1 / 0 }),
  ],
  [
    "link n1 n2 latency=5ms jitter=0.5ms tail-one-in=9 tail=40ms",
    ({ world }) =>
      world.setLink("n1", "n2", { latency: { baseMs: 5, jitterMs: 0.5, tail: { oneIn: 9, meanMs: 40 } } }),
  ],
  ["mend-links", ({ world }) => world.mendLinks()],
  ["clock n1 jumps -3600000ms", ({ world }) => world.jumpClock("n1", -3_600_000)],
  ["clock n1 ahead 20ms", ({ world }) => world.setClockSkew("n1", 20)],
  ["clock n1 drifts -250", ({ world }) => world.setClockDrift("n1", -250)],
  ["disk n1 full 100", ({ world }) => world.fillDisk("n1", 100)],
  ["disk n1 slow 7", ({ world }) => world.slowDisk("n1", 7)],
  ["disk n1 hangs 2000ms", ({ world }) => world.hangDisk("n1", 2_000)],
  [
    "disk n1 fails read=2 write=3 sync=4 flip=5",
    ({ world }) =>
      world.breakDisk("n1", {
        readErrorOneIn: 2,
        writeErrorOneIn: 3,
        syncErrorOneIn: 4,
        flippedReadOneIn: 5,
      }),
  ],
  ["keyspace n1 SET a TTL 5s", (cluster) => cluster.changeKeyspace("n1", ["SET", "a", "TTL", "5s"])],
  ["keyspace n1 DROP a", (cluster) => cluster.changeKeyspace("n1", ["DROP", "a"])],
  ["disk n1 mended", ({ world }) => world.mendDisk("n1")],
];

test.each(DEEDS)("%s", (line, deed) => {
  expect(told(deed)).toEqual([line]);
  const [name, ...words] = line.split(" ");
  expect(told((cluster) => FAULT_VERBS[name!]!.run(cluster, words))).toEqual([line]);
});

test("every verb is told of by some deed, but for what needs something to be there before: a file, a member, a backup", () => {
  const names = new Set([...DEEDS.map(([line]) => line.split(" ")[0]), "replace", "restore"]);
  expect(names).toEqual(new Set(Object.keys(FAULT_VERBS)));
});

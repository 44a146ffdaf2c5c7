/**
 * What can befall a simulated cluster, by the first word of a line: the words that SimWorld tells of its deeds, and scenarios
 * are written in. A new one is an entry of this table.
 */
import type { DiskFaults } from "../disk-trouble.ts";
import type { LinkQuality } from "../sim-link.ts";
import type { SimCluster } from "../world/sim-cluster.ts";
import { duration, named, number, optionsOf, sidesOf, Usage } from "./words.ts";

export interface FaultVerb {
  readonly usage: string;
  /** Throws Usage if the words make no sense. */
  readonly run: (cluster: SimCluster, words: readonly string[]) => void;
}

export const FAULT_VERBS: Readonly<Record<string, FaultVerb>> = {
  kill: {
    usage: "kill NODE: as kill -9; what was written stays, even unsynced",
    run: (cluster, [node]) => cluster.kill(named(node)),
  },
  crash: {
    usage: "crash NODE: its machine loses its power, and the disk what was not synced",
    run: (cluster, [node]) => cluster.crash(named(node)),
  },
  wipe: {
    usage: "wipe NODE: it is killed, and its disk replaced by an empty one",
    run: (cluster, [node]) => cluster.wipe(named(node)),
  },
  backup: {
    usage: "backup NODE: its files are copied to another place, as they are",
    run: ({ world }, [node]) => world.backUp(named(node)),
  },
  restore: {
    usage:
      "restore NODE: its disk is replaced, while it does not run, by one with the files of its last backup",
    run: ({ world }, [node]) => world.restore(named(node)),
  },
  keyspace: {
    usage:
      "keyspace NODE SET NAME [SETTING VALUE ...] | DROP NAME: the node is asked for it, as by KV.KEYSPACE",
    run: (cluster, [node, verb, name, ...settings]) => {
      if (verb !== "SET" && verb !== "DROP") throw new Usage();
      cluster.changeKeyspace(named(node), [verb, named(name), ...settings]);
    },
  },
  pause: {
    usage: "pause NODE TIME: its process stands still",
    run: (cluster, [node, time]) => cluster.pause(named(node), duration(time)),
  },
  start: {
    usage:
      "start NODE [peer-port=PORT] [speaks=VERSION]: on its disk, perhaps under another address, or as of another version",
    run: (cluster, [node, ...rest]) => {
      const options = optionsOf(rest);
      const [peerPort, speaks] = [options.get("peer-port"), options.get("speaks")];
      cluster.start(named(node), {
        ...(peerPort !== undefined && { peerPort: number(peerPort) }),
        ...(speaks !== undefined && { speaks: number(speaks) }),
      });
    },
  },
  join: {
    usage:
      "join NODE [dc=DATACENTER] [weight=WEIGHT] [machine=MACHINE]: a new node begins to join the others",
    run: (cluster, [node, ...rest]) => {
      const options = optionsOf(rest);
      const name = named(node);
      const machine = options.get("machine")?.replaceAll("_", " ") ?? `machine of ${name}`;
      cluster.join({
        name,
        datacenter: options.get("dc") ?? "dc1",
        rack: `rack of ${machine}`,
        machine,
        weight: number(options.get("weight") ?? "1"),
      });
    },
  },
  leave: {
    usage: "leave NODE: another node is told that it is to leave; it stops when it has",
    run: (cluster, [node]) => cluster.leave(named(node)),
  },
  weight: {
    usage:
      "weight NODE WEIGHT: another node is told that it is to have so many times the slots of one of weight 1",
    run: (cluster, [node, weight]) => cluster.reweigh(named(node), number(weight)),
  },
  replace: {
    usage: "replace NODE NEWCOMER: the node's disk is lost, and a new one begins to take its place",
    run: (cluster, [node, newcomer]) => void cluster.replace(named(node), named(newcomer)),
  },
  partition: {
    usage: "partition NODES | NODES: nothing passes between them",
    run: (cluster, words) => cluster.world.partition(...sidesOf(words)),
  },
  "one-way": {
    usage: "one-way NODES | NODES: nothing passes from the first to the second",
    run: (cluster, words) => cluster.world.partitionOneWay(...sidesOf(words)),
  },
  unpartition: {
    usage: "unpartition NODES | NODES: everything passes between them again, both ways",
    run: (cluster, words) => cluster.world.unpartition(...sidesOf(words)),
  },
  heal: {
    usage: "heal: ends all partitions",
    run: (cluster) => cluster.world.heal(),
  },
  cut: {
    usage: "cut NODE NODE: their connections break, and can be made again",
    run: (cluster, [a, b]) => cluster.world.dropConnections(named(a), named(b)),
  },
  forget: {
    usage: "forget NODE NODE: connections break at the first, and the second does not know",
    run: (cluster, [a, b]) => cluster.world.forgetConnections(named(a), named(b)),
  },
  mute: {
    usage: "mute NODE NODE: their connections carry nothing any more, and nobody is told",
    run: (cluster, [a, b]) => cluster.world.muteConnections(named(a), named(b)),
  },
  link: {
    usage:
      "link NODE NODE [loss=ODDS] [bytes-per-second=COUNT] [latency=TIME [jitter=TIME] [tail=TIME tail-one-in=N]]: " +
      "the way from the first to the second; of N packets one takes longer by a tail, on average",
    run: (cluster, [from, to, ...rest]) =>
      cluster.world.setLink(named(from), named(to), linkQuality(optionsOf(rest))),
  },
  "mend-links": {
    usage: "mend-links: none is slow or lossy any more",
    run: (cluster) => cluster.world.mendLinks(),
  },
  clock: {
    usage: "clock NODE jumps TIME | ahead TIME | drifts PPM: its wall clock, or all its clocks and timers",
    run: ({ world }, [node, how, amount]) => {
      if (how === "jumps") world.jumpClock(named(node), duration(amount));
      else if (how === "ahead") world.setClockSkew(named(node), duration(amount));
      else if (how === "drifts") world.setClockDrift(named(node), number(amount));
      else throw new Usage();
    },
  },
  disk: {
    usage:
      "disk NODE full [BYTES] | slow TIMES | hangs TIME | fails [read=N] [write=N] [sync=N] [flip=N] | rots [PATH] | mended: " +
      "room for so many bytes; so many times as slow; one in N steps",
    run: ({ world }, [node, how, ...rest]) => {
      const name = named(node);
      if (how === "full") world.fillDisk(name, number(rest[0] ?? "0"));
      else if (how === "slow") world.slowDisk(name, number(rest[0]));
      else if (how === "hangs") world.hangDisk(name, duration(rest[0]));
      else if (how === "fails") world.breakDisk(name, diskFaults(rest));
      else if (how === "rots") world.rotDisk(name, (path) => isWithin(path, rest[0]));
      else if (how === "mended") world.mendDisk(name);
      else throw new Usage();
    },
  },
};

/** The file itself, or one of the directory's. */
function isWithin(path: string, place: string | undefined): boolean {
  return place === undefined || path === place || path.startsWith(`${place}/`);
}

function linkQuality(options: ReadonlyMap<string, string>): LinkQuality {
  const [loss, bytes, latency, jitter, tail, oneIn] = [
    "loss",
    "bytes-per-second",
    "latency",
    "jitter",
    "tail",
    "tail-one-in",
  ].map((name) => options.get(name));
  return {
    ...(loss !== undefined && { lossOdds: number(loss) }),
    ...(bytes !== undefined && { bytesPerSecond: number(bytes) }),
    ...(latency !== undefined && {
      latency: {
        baseMs: duration(latency),
        jitterMs: duration(jitter ?? "0ms"),
        ...(tail !== undefined && { tail: { oneIn: number(oneIn), meanMs: duration(tail) } }),
      },
    }),
  };
}

function diskFaults(words: readonly string[]): DiskFaults {
  const options = optionsOf(words);
  const [read, write, sync, flip] = ["read", "write", "sync", "flip"].map((name) => options.get(name));
  return {
    ...(read !== undefined && { readErrorOneIn: number(read) }),
    ...(write !== undefined && { writeErrorOneIn: number(write) }),
    ...(sync !== undefined && { syncErrorOneIn: number(sync) }),
    ...(flip !== undefined && { flippedReadOneIn: number(flip) }),
  };
}

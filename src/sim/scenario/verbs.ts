/** What can be done in a scenario, by the first word of a line. A new verb is an entry of this table. */
import { parseDuration } from "./duration.ts";
import type { Stage } from "./stage.ts";

export interface Verb {
  readonly usage: string;
  /** What it says is held against what is expected. Throws Usage if the words make no sense. */
  readonly run: (stage: Stage, words: readonly string[]) => Awaited<Said> | Promise<Said>;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a verb that says nothing need not say so
type Said = readonly string[] | void;

/** The words after the verb make no sense. */
export class Usage extends Error {}

const UP_MS = 60_000;

export const VERBS: Readonly<Record<string, Verb>> = {
  pass: {
    usage: "pass: nothing is done, time passes",
    run: () => undefined,
  },
  kill: {
    usage: "kill NODE: as kill -9; what was written stays, even unsynced",
    run: ({ cluster }, [node]) => cluster.kill(named(node)),
  },
  crash: {
    usage: "crash NODE: its machine loses its power, and the disk what was not synced",
    run: ({ cluster }, [node]) => cluster.crash(named(node)),
  },
  wipe: {
    usage: "wipe NODE: it is killed, and its disk replaced by an empty one",
    run: ({ cluster }, [node]) => {
      cluster.kill(named(node));
      cluster.world.wipe(named(node));
    },
  },
  pause: {
    usage: "pause NODE TIME: its process stands still",
    run: ({ cluster }, [node, time]) => cluster.pause(named(node), duration(time)),
  },
  start: {
    usage: "start NODE [peer-port=PORT]: on its disk, perhaps under another address",
    run: ({ cluster }, [node, ...rest]) => {
      const peerPort = optionsOf(rest).get("peer-port");
      cluster.start(named(node), peerPort === undefined ? {} : { peerPort: number(peerPort) });
    },
  },
  join: {
    usage: "join NODE [dc=DATACENTER]: a new node begins to join the others",
    run: ({ cluster }, [node, ...rest]) => {
      const join = cluster.names;
      const datacenter = optionsOf(rest).get("dc") ?? "dc1";
      const name = named(node);
      cluster.add({ name, datacenter, rack: `rack of ${name}`, machine: `machine of ${name}`, weight: 1 });
      cluster.start(name, { join });
    },
  },
  wait: {
    usage: "wait NODE ...: until they are up, or have failed, or a minute is over; says who is not up",
    run: async ({ cluster }, nodes) => {
      const endMs = cluster.world.nowMs + UP_MS;
      const isPending = (name: string): boolean => cluster.phaseOf(name) === "starting";
      while (nodes.some(isPending) && cluster.world.nowMs < endMs) await cluster.world.runFor(50);
      return nodes
        .filter((name) => !cluster.isUp(name))
        .map((name) => `${name} is not up: ${cluster.failureOf(name)?.message ?? cluster.phaseOf(name)}`);
    },
  },
  partition: {
    usage: "partition NODES | NODES: nothing passes between them",
    run: ({ cluster }, words) => cluster.world.partition(...sides(words)),
  },
  "one-way": {
    usage: "one-way NODES | NODES: nothing passes from the first to the second",
    run: ({ cluster }, words) => cluster.world.partitionOneWay(...sides(words)),
  },
  sever: {
    usage: "sever DATACENTER DATACENTER: a partition of all their nodes",
    run: ({ cluster }, [some, other]) => {
      const of = (datacenter: string | undefined): string[] =>
        cluster.plan.nodes.filter((node) => node.datacenter === datacenter).map(({ name }) => name);
      cluster.world.partition(of(some), of(other));
    },
  },
  heal: {
    usage: "heal: ends all partitions",
    run: ({ cluster }) => cluster.world.heal(),
  },
  cut: {
    usage: "cut NODE NODE: their connections break, and can be made again",
    run: ({ cluster }, [a, b]) => cluster.world.dropConnections(named(a), named(b)),
  },
  forget: {
    usage: "forget NODE NODE: connections break at the first, and the second does not know",
    run: ({ cluster }, [a, b]) => cluster.world.forgetConnections(named(a), named(b)),
  },
  mute: {
    usage: "mute NODE NODE: their connections carry nothing any more, and nobody is told",
    run: ({ cluster }, [a, b]) => cluster.world.muteConnections(named(a), named(b)),
  },
  link: {
    usage:
      "link NODE NODE [loss=ODDS] [bytes-per-second=COUNT] [latency=TIME]: the way from the first to the second",
    run: ({ cluster }, [from, to, ...rest]) => {
      const options = optionsOf(rest);
      const [loss, bytes, latency] = ["loss", "bytes-per-second", "latency"].map((name) => options.get(name));
      cluster.world.setLink(named(from), named(to), {
        ...(loss !== undefined && { lossOdds: number(loss) }),
        ...(bytes !== undefined && { bytesPerSecond: number(bytes) }),
        ...(latency !== undefined && { latency: { baseMs: duration(latency), jitterMs: 0 } }),
      });
    },
  },
  "mend-links": {
    usage: "mend-links: none is slow or lossy any more",
    run: ({ cluster }) => cluster.world.mendLinks(),
  },
  clock: {
    usage: "clock NODE jumps TIME | ahead TIME | drifts PPM: its wall clock, or all its clocks and timers",
    run: ({ cluster: { world } }, [node, how, amount]) => {
      if (how === "jumps") world.jumpClock(named(node), duration(amount));
      else if (how === "ahead") world.setClockSkew(named(node), duration(amount));
      else if (how === "drifts") world.setClockDrift(named(node), number(amount));
      else throw new Usage();
    },
  },
  disk: {
    usage:
      "disk NODE full [BYTES] | slow TIMES | hangs TIME | fails [read=N] [write=N] [sync=N] [flip=N] | rots | mended: " +
      "room for so many bytes; so many times as slow; one in N steps",
    run: ({ cluster: { world } }, [node, how, ...rest]) => {
      const name = named(node);
      if (how === "full") world.fillDisk(name, number(rest[0] ?? "0"));
      else if (how === "slow") world.slowDisk(name, number(rest[0]));
      else if (how === "hangs") world.hangDisk(name, duration(rest[0]));
      else if (how === "fails") world.breakDisk(name, diskFaults(rest));
      else if (how === "rots") world.rotDisk(name);
      else if (how === "mended") world.mendDisk(name);
      else throw new Usage();
    },
  },
  load: {
    usage:
      "load CLIENTS: so many more write to keys of their own, at nodes that are up, until load-end or check load",
    run: ({ load }, [clients]) => load.begin(number(clients)),
  },
  "load-end": {
    usage: "load-end: the clients stop",
    run: ({ load }) => load.end(),
  },
};

export function named(word: string | undefined): string {
  if (word === undefined) throw new Usage();
  return word;
}

function duration(word: string | undefined): number {
  const ms = parseDuration(word ?? "");
  if (ms === undefined) throw new Usage();
  return ms;
}

function number(word: string | undefined): number {
  const value = Number(word ?? Number.NaN);
  if (Number.isNaN(value)) throw new Usage();
  return value;
}

function optionsOf(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    words.map((word) => {
      const at = word.indexOf("=");
      if (at === -1) throw new Usage();
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

function sides(words: readonly string[]): [string[], string[]] {
  const bar = words.indexOf("|");
  if (bar < 1 || bar === words.length - 1) throw new Usage();
  return [words.slice(0, bar), words.slice(bar + 1)];
}

function diskFaults(words: readonly string[]) {
  const odds = new Map([...optionsOf(words)].map(([name, oneIn]) => [name, number(oneIn)]));
  const [readErrorOneIn, writeErrorOneIn, syncErrorOneIn, flippedReadOneIn] = [
    "read",
    "write",
    "sync",
    "flip",
  ].map((name) => odds.get(name));
  return {
    ...(readErrorOneIn !== undefined && { readErrorOneIn }),
    ...(writeErrorOneIn !== undefined && { writeErrorOneIn }),
    ...(syncErrorOneIn !== undefined && { syncErrorOneIn }),
    ...(flippedReadOneIn !== undefined && { flippedReadOneIn }),
  };
}

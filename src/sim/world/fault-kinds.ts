/**
 * The faults that a nemesis composes: each begins, and where it lasts, ends. All are asked of the world by name of the
 * node, and may befall a node that others befall already.
 */
import type { SimRandom } from "../sim-random.ts";
import { drawKeyspaceChange } from "./keyspace-draws.ts";
import { beginMoveFault, isMoveKind, MOVE_KINDS } from "./move-faults.ts";
import type { SimCluster } from "./sim-cluster.ts";

export const FAULT_KINDS = [
  "kill",
  "crash",
  "pause",
  "partition",
  "one-way partition",
  "slow link",
  "lossy link",
  "connections break",
  "connections fall mute",
  "clock jump",
  "clock drift",
  "slow disk",
  "hanging disk",
  "full disk",
  "disk errors",
  "bit rot",
  "wipe",
  "new address",
  ...MOVE_KINDS,
  "keyspace change",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultSite {
  readonly cluster: SimCluster;
  readonly random: SimRandom;
  /** Hosts that are no nodes: who is on them is cut off by partitions, too. */
  readonly bystanders: readonly string[];
  /** Some keyspaces may be set to be in memory. */
  readonly keyspacesInMemory?: boolean;
  /** Starts it again when the time has come. */
  readonly restartLater: (name: string, afterMs: number, peerPort?: number) => void;
}

/** A fault that has begun. */
export interface BegunFault {
  /** In words, with the nodes' names. */
  readonly what: string;
  readonly lastsMs: number;
  /** Ends what has not ended by itself. */
  readonly end?: () => void;
}

const TABLE = /\.sst$/;
const FIRST_NEW_PORT = 20_000;
const NEW_PORTS = 1_000;
const LASTS_MS_MAX = 15_000;
const DOWN_MS_MAX = 20_000;
const PAUSE_MS_MAX = 8_000;
const JUMP_MS_MAX = 5_000;
const DRIFT_PPM_MAX = 2_000;
const HANG_MS_MAX = 4_000;

export function beginFault(kind: FaultKind, victim: string, site: FaultSite): BegunFault {
  if (isMoveKind(kind)) return { what: beginMoveFault(kind, victim, site), lastsMs: 0 };
  switch (kind) {
    case "kill":
    case "crash":
    case "wipe":
    case "new address":
      return stop(kind, victim, site);
    case "pause":
      return pause(victim, site);
    case "partition":
    case "one-way partition":
      return partition(kind, victim, site);
    case "slow link":
    case "lossy link":
      return spoilLink(kind, victim, site);
    case "connections break":
    case "connections fall mute":
      return breakConnections(kind, victim, site);
    case "clock jump":
    case "clock drift":
      return troubleClock(kind, victim, site);
    case "disk errors":
    case "bit rot":
      return spoilDisk(kind, victim, site);
    case "keyspace change":
      return changeKeyspace(victim, site);
    default:
      return troubleDisk(kind, victim, site);
  }
}

function stop(
  kind: "kill" | "crash" | "wipe" | "new address",
  victim: string,
  { cluster, random, restartLater }: FaultSite,
): BegunFault {
  const downMs = lasting(random, DOWN_MS_MAX);
  if (kind === "crash") cluster.crash(victim);
  else if (kind === "wipe") cluster.wipe(victim);
  else cluster.kill(victim);
  if (kind === "new address") restartLater(victim, downMs, FIRST_NEW_PORT + random.below(NEW_PORTS));
  else restartLater(victim, downMs);
  return { what: `${kind} ${victim}`, lastsMs: downMs };
}

function pause(victim: string, { cluster, random }: FaultSite): BegunFault {
  const lastsMs = lasting(random, PAUSE_MS_MAX);
  cluster.pause(victim, lastsMs);
  return { what: `pause ${victim}`, lastsMs };
}

/** One side is the victim and perhaps others, some clients among them. */
function partition(
  kind: "partition" | "one-way partition",
  victim: string,
  { cluster, random, bystanders }: FaultSite,
): BegunFault {
  const { world, names } = cluster;
  const hosts = [...names, ...bystanders];
  const side = hosts.filter((name) => name === victim || random.oneIn(3));
  const others = hosts.filter((name) => !side.includes(name));
  const isInward = random.oneIn(2);
  const [from, to] = isInward ? [others, side] : [side, others];
  if (kind === "partition") world.partition(side, others);
  else world.partitionOneWay(from, to);
  return {
    what: `${kind} ${kind === "partition" ? side : from} | ${kind === "partition" ? others : to}`,
    lastsMs: lasting(random, LASTS_MS_MAX),
    end: () => world.unpartition(side, others),
  };
}

function spoilLink(kind: "slow link" | "lossy link", victim: string, site: FaultSite): BegunFault {
  const { cluster, random } = site;
  const { world } = cluster;
  const other = otherThan(victim, site);
  const isSlow = kind === "slow link";
  const amount = isSlow ? 2_000 + random.below(50_000) : random.between(0.02, 0.4);
  for (const [a, b] of bothWays(victim, other, random))
    world.setLink(a, b, isSlow ? { bytesPerSecond: amount } : { lossOdds: amount });
  const end = (): void => {
    for (const [a, b] of [
      [victim, other],
      [other, victim],
    ] as const)
      world.setLink(a, b, isSlow ? { bytesPerSecond: Number.POSITIVE_INFINITY } : { lossOdds: 0 });
  };
  return { what: `${kind} ${victim} - ${other}`, lastsMs: lasting(random, LASTS_MS_MAX), end };
}

function breakConnections(
  kind: "connections break" | "connections fall mute",
  victim: string,
  site: FaultSite,
): BegunFault {
  const { cluster, random } = site;
  const { world } = cluster;
  const other = otherThan(victim, site);
  if (kind === "connections fall mute") world.muteConnections(victim, other);
  else if (random.oneIn(2)) world.dropConnections(victim, other);
  else world.forgetConnections(victim, other);
  return { what: `${kind} ${victim} - ${other}`, lastsMs: 0 };
}

function troubleClock(
  kind: "clock jump" | "clock drift",
  victim: string,
  { cluster: { world }, random }: FaultSite,
): BegunFault {
  if (kind === "clock drift") {
    const ppm = Math.round(random.between(-DRIFT_PPM_MAX, DRIFT_PPM_MAX));
    world.setClockDrift(victim, ppm);
    const end = (): void => world.setClockDrift(victim, 0);
    return { what: `${kind} ${victim} ${ppm} ppm`, lastsMs: lasting(random, LASTS_MS_MAX), end };
  }
  const byMs = Math.round(random.between(-JUMP_MS_MAX, JUMP_MS_MAX));
  world.jumpClock(victim, byMs);
  const end = (): void => world.setClockSkew(victim, 0);
  return { what: `${kind} ${victim} ${byMs} ms`, lastsMs: lasting(random, LASTS_MS_MAX), end };
}

function troubleDisk(
  kind: "slow disk" | "hanging disk" | "full disk",
  victim: string,
  { cluster: { world }, random }: FaultSite,
): BegunFault {
  const end = (): void => world.mendDisk(victim);
  if (kind === "hanging disk") {
    const lastsMs = lasting(random, HANG_MS_MAX);
    world.hangDisk(victim, lastsMs);
    return { what: `${kind} ${victim}`, lastsMs };
  }
  if (kind === "slow disk") world.slowDisk(victim, 2 + random.below(50));
  else world.fillDisk(victim, random.below(20_000));
  return { what: `${kind} ${victim}`, lastsMs: lasting(random, LASTS_MS_MAX), end };
}

/** Steps fail, or one bit is wrong from now on: of a file with rows, since others a node cannot do without. */
function spoilDisk(
  kind: "disk errors" | "bit rot",
  victim: string,
  { cluster: { world }, random }: FaultSite,
): BegunFault {
  if (kind === "bit rot") {
    world.rotDisk(victim, (path) => TABLE.test(path));
    return { what: `${kind} ${victim}`, lastsMs: 0 };
  }
  const oneIn = 2 + random.below(30);
  const errors = ["readErrorOneIn", "writeErrorOneIn", "syncErrorOneIn", "flippedReadOneIn"] as const;
  const error = errors[random.below(errors.length)]!;
  world.breakDisk(victim, { [error]: oneIn });
  const end = (): void => world.breakDisk(victim, {});
  return { what: `${kind} ${victim}: ${error} ${oneIn}`, lastsMs: lasting(random, LASTS_MS_MAX), end };
}

/** No fault: somebody who is in charge changes his mind. */
function changeKeyspace(victim: string, { cluster, random, keyspacesInMemory }: FaultSite): BegunFault {
  const words = drawKeyspaceChange(random, keyspacesInMemory);
  cluster.changeKeyspace(victim, words);
  return { what: `keyspace ${victim} ${words.join(" ")}`, lastsMs: 0 };
}

/** Mostly short, seldom long. */
function lasting(random: SimRandom, maxMs: number): number {
  return Math.round(50 + random.between(0, 1) ** 2 * maxMs);
}

/** A node or a client. */
function otherThan(victim: string, { cluster, random, bystanders }: FaultSite): string {
  const others = [...cluster.names, ...bystanders].filter((name) => name !== victim);
  return others[random.below(others.length)]!;
}

function bothWays(a: string, b: string, random: SimRandom): readonly (readonly [string, string])[] {
  const ways = [
    [a, b],
    [b, a],
  ] as const;
  return random.oneIn(2) ? ways : [ways[random.below(2)]!];
}

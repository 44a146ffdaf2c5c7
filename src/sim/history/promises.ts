/**
 * What a cluster promises its clients, by its settings and by what may befall it. One pure function, so that no checker
 * looks for more than docs/adr/0008 says, and none for less.
 *
 *   no acknowledged write lost   as long as fewer than W of its machines have lost what they had promised to keep
 *   reads see writes             R + W > N, or so in a datacenter that both ask for, wherever they are asked; no write rests on fallbacks, no machine forgets
 *   as if one by one             moreover W > N / 2, and clocks that agree: SET, GET and DEL at the default levels. Commands
 *                                that look before they write do not see each other at two replicas (docs/adr/0010)
 */
import { type ConsistencyLevel, type QuorumNeed, quorumNeed } from "../../replication/quorum-need.ts";
import type { Promises } from "./history.ts";

/** What decides it. */
export interface PromiseGrounds {
  readonly machines: number;
  /** More than machines where some share one: then who stands in for a replica may be its neighbour. */
  readonly nodes: number;
  /** As the keyspace asks for them, as many in each datacenter; there are never more than machines. */
  readonly copies: number;
  /** How many there are in each datacenter; undefined: all are in one. */
  readonly sites?: readonly number[];
  readonly read: ConsistencyLevel;
  readonly write: ConsistencyLevel;
  /** False for a keyspace whose writes wait for replicas alone. */
  readonly isSloppy: boolean;
  /** What a machine has said it has, it has again after a power failure: on disk, fsync always. */
  readonly isSynced: boolean;
  /** Processes end or machines lose their power, at moments of their own. */
  readonly hasKills: boolean;
  readonly hasCrashes: boolean;
  /** A machine loses its disk, or bits of it. */
  readonly hasWipes?: boolean;
  /** Clocks differ by more than a network's round trip. */
  readonly hasClockFaults: boolean;
  /** In memory a process takes its data with it. */
  readonly isInMemory: boolean;
  /** Nodes exchange what they have without being asked. */
  readonly repairsItself: boolean;
}

const HEALING_MS = 60_000;
const ANSWER_MS_MAX = 10_000;
/** Clocks that are right still tell whole milliseconds only. */
const CLOCK_ERROR_MS = 2;

export function promisesOf(grounds: PromiseGrounds): Promises {
  const sites = sitesOf(grounds);
  const copies = sites.reduce((sum, count) => sum + count, 0);
  const reads = needsOf(grounds.read, sites);
  const writes = needsOf(grounds.write, sites);
  const write = Math.min(...writes.map(machinesIn));
  const hasFallbacks = grounds.isSloppy && grounds.nodes > copies;
  const forgets =
    grounds.hasWipes === true ||
    (grounds.hasCrashes && !grounds.isSynced) ||
    (grounds.hasKills && grounds.isInMemory);
  const isSure = !hasFallbacks && !forgets;
  const readsSeeWrites = isSure && alwaysMeet(reads, writes, sites);
  const readsMeet = alwaysMeet(reads, reads, sites);
  return {
    isLinearizable:
      readsSeeWrites && alwaysMeet(writes, writes, sites) && readsMeet && !grounds.hasClockFaults,
    readsSeeWrites,
    readsAreMonotonic: isSure && readsMeet,
    crashesSurvived: grounds.isSynced ? grounds.machines : write - 1,
    wipesSurvived: write - 1,
    convergesUnread: grounds.repairsItself,
    convergesInMs: HEALING_MS,
    copies: grounds.copies / sites.length,
    answersInMs: ANSWER_MS_MAX,
    ...(!grounds.hasClockFaults && { clockErrorMsMax: CLOCK_ERROR_MS }),
  };
}

/**
 * The same once so many nodes have joined: there are more copies to miss, and where there are more nodes than copies, some to
 * stand in for others. What was promised all the while is left, wherever they have joined.
 */
export function promisesOnceJoined(promises: Promises, grounds: PromiseGrounds, joined: number): Promises {
  const meanwhile = grownBy(grounds, joined).map(promisesOf);
  const stays = (name: "isLinearizable" | "readsSeeWrites" | "readsAreMonotonic"): boolean =>
    promises[name] && meanwhile.every((each) => each[name]);
  return {
    ...promises,
    isLinearizable: stays("isLinearizable"),
    readsSeeWrites: stays("readsSeeWrites"),
    readsAreMonotonic: stays("readsAreMonotonic"),
  };
}

/** As they are, and after each node that joins, in whichever datacenter. */
function grownBy(grounds: PromiseGrounds, joined: number): readonly PromiseGrounds[] {
  if (joined === 0) return [grounds];
  const sites = sitesOf(grounds);
  const copiesMax = grounds.copies / sites.length;
  const [machines, nodes] = [grounds.machines + 1, grounds.nodes + 1];
  const grown = sites.map((count, i) => {
    const after = [...sites];
    after[i] = Math.min(copiesMax, count + 1);
    return { ...grounds, machines, nodes, sites: after };
  });
  return [grounds, ...grown.flatMap((each) => grownBy(each, joined - 1))];
}

function sitesOf({ sites, copies, machines }: PromiseGrounds): readonly number[] {
  return sites ?? [Math.min(copies, machines)];
}

/** The fewest machines that the level asks for, whoever coordinates, of so many copies in each datacenter. */
export function machinesFor(level: ConsistencyLevel, sites: readonly number[]): number {
  return Math.min(...needsOf(level, sites).map(machinesIn));
}

/** What it asks for when asked in the first datacenter, the second, and so on; all copies where it cannot be met. */
function needsOf(level: ConsistencyLevel, sites: readonly number[]): readonly QuorumNeed[] {
  const replicas = sites.flatMap((count, site) =>
    Array.from({ length: count }, (_, i) => {
      const name = `${site}/${i}`;
      return { id: name, machine: name, rack: "", datacenter: `${site}` };
    }),
  );
  return sites.map((_, site): QuorumNeed => {
    const result = quorumNeed(level, replicas, `${site}`);
    if (result.kind === "need") return result.need;
    return [{ datacenter: undefined, machineCount: replicas.length }];
  });
}

function machinesIn(need: QuorumNeed): number {
  return need.reduce((sum, { machineCount }) => sum + machineCount, 0);
}

/** True if whoever meets one of the former has a machine in common with whoever meets one of the latter. */
function alwaysMeet(
  some: readonly QuorumNeed[],
  others: readonly QuorumNeed[],
  sites: readonly number[],
): boolean {
  return some.every((one) => others.every((other) => meet(one, other, sites)));
}

/** They can keep apart only if in no datacenter both need more than there are, and together not either. */
function meet(one: QuorumNeed, other: QuorumNeed, sites: readonly number[]): boolean {
  const wantedIn = (need: QuorumNeed, site: number): number =>
    need.find(({ datacenter }) => datacenter === `${site}`)?.machineCount ?? 0;
  const meetIn = (count: number, site: number): boolean =>
    wantedIn(one, site) + wantedIn(other, site) > count;
  const copies = sites.reduce((sum, count) => sum + count, 0);
  return machinesIn(one) + machinesIn(other) > copies || sites.some(meetIn);
}

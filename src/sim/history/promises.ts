/**
 * What a cluster promises its clients, by its settings and by what may befall it. One pure function, so that no checker
 * looks for more than docs/adr/0008 says, and none for less.
 *
 *   no acknowledged write lost   as long as fewer than W of its machines have lost what they had promised to keep
 *   reads see writes             R + W > N, no write rests on fallbacks, no machine forgets
 *   as if one by one             moreover W > N / 2, and clocks that agree: SET, GET and DEL at the default levels. Commands
 *                                that look before they write do not see each other at two replicas (docs/adr/0010)
 */
import { type ConsistencyLevel, quorumNeed } from "../../replication/quorum-need.ts";
import type { Promises } from "./history.ts";

/** What decides it. */
export interface PromiseGrounds {
  readonly machines: number;
  /** As the keyspace asks for them; there are never more than machines. */
  readonly copies: number;
  readonly read: ConsistencyLevel;
  readonly write: ConsistencyLevel;
  /** False for a keyspace whose writes wait for replicas alone. */
  readonly isSloppy: boolean;
  /** What a machine has said it has, it has again after a power failure: on disk, fsync always. */
  readonly isSynced: boolean;
  /** Processes end or machines lose their power, at moments of their own. */
  readonly hasKills: boolean;
  readonly hasCrashes: boolean;
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
  const copies = Math.min(grounds.copies, grounds.machines);
  const read = machinesFor(grounds.read, copies);
  const write = machinesFor(grounds.write, copies);
  const hasFallbacks = grounds.isSloppy && grounds.machines > copies;
  const forgets = (grounds.hasCrashes && !grounds.isSynced) || (grounds.hasKills && grounds.isInMemory);
  const readsSeeWrites = read + write > copies && !hasFallbacks && !forgets;
  return {
    isLinearizable: readsSeeWrites && 2 * write > copies && 2 * read > copies && !grounds.hasClockFaults,
    readsSeeWrites,
    readsAreMonotonic: 2 * read > copies && !hasFallbacks && !forgets,
    crashesSurvived: grounds.isSynced ? grounds.machines : write - 1,
    wipesSurvived: write - 1,
    convergesUnread: grounds.repairsItself,
    convergesInMs: HEALING_MS,
    copies,
    answersInMs: ANSWER_MS_MAX,
    ...(!grounds.hasClockFaults && { clockErrorMsMax: CLOCK_ERROR_MS }),
  };
}

/** How many of so many copies, all in one datacenter or counted as if they were. */
export function machinesFor(level: ConsistencyLevel, copies: number): number {
  const replicas = Array.from({ length: copies }, (_, i) => ({
    id: `${i}`,
    machine: `${i}`,
    rack: "",
    datacenter: "",
  }));
  const result = quorumNeed(level, replicas, "");
  return result.kind === "need"
    ? result.need.reduce((sum, { machineCount }) => sum + machineCount, 0)
    : copies;
}

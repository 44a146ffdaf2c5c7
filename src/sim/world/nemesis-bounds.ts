/** How far a nemesis may go for the promises to hold, by what the nodes are set to. */
import type { NodeSettings } from "../../node/settings.ts";
import type { FaultKind } from "./fault-kinds.ts";
import type { NemesisBounds } from "./nemesis.ts";

export interface BoundedCluster {
  readonly nodes: number;
  readonly settings: Pick<NodeSettings, "storage" | "fsync">;
  /** Clocks jump and drift. */
  readonly clockFaults: boolean;
  /** Keyspaces come, change and go. */
  readonly keyspaces?: boolean;
  /** Rows of some are in memory. */
  readonly keyspacesInMemory?: boolean;
  /** The fewest machines that an acknowledged write rests on. */
  readonly writtenTo: number;
  /** Nodes join, leave, and so on. */
  readonly moves: boolean;
  /** One disk may go, or rot, for good. Then what a quorum has acknowledged a quorum need not know. */
  readonly wipes?: boolean;
}

/** In one run, so that all are over in time. */
const MOVES_MAX = 4;
const NODES_MIN = 3;

/** Twice the interval in which everysec syncs, and what a slow disk adds. */
const SYNCED_AFTER_MS = 10_000;

/**
 * Nodes may be stopped, cut off and slowed down in any number and at any time, since that loses nothing. What a process in
 * memory has, and what a disk has not synced, a fault may take only from one machine at a time, and from none where one
 * is all that a write rests on; where nothing is ever synced on purpose, only once. What some keyspaces have in memory goes with
 * every stop, and nobody knows when the others have brought it back: so many stop in all as a write outlives.
 */
export function boundsFor(cluster: BoundedCluster, everyMs: number): NemesisBounds {
  const { nodes, settings, clockFaults, writtenTo, moves, wipes = false, keyspaces = false } = cluster;
  const { keyspacesInMemory = false } = cluster;
  const isOnDisk = settings.storage === "disk";
  const wipesMax = wipes && isOnDisk && writtenTo > 1 ? 1 : 0;
  const kinds: Partial<Record<FaultKind, number>> = {
    ...(isOnDisk && { kill: 4, crash: 4, "slow disk": 2, "hanging disk": 1, "full disk": 1 }),
    ...(isOnDisk && { "new address": 1, "disk errors": 1 }),
    ...(wipesMax > 0 && { wipe: 1, "bit rot": 2 }),
    pause: 4,
    partition: 4,
    "one-way partition": 3,
    "slow link": 2,
    "lossy link": 2,
    "connections break": 2,
    "connections fall mute": 1,
    ...(keyspaces && { "keyspace change": keyspacesInMemory ? 18 : 6 }),
    ...(clockFaults && { "clock jump": 2, "clock drift": 2 }),
    ...(moves && movesBorne(isOnDisk, writtenTo)),
  };
  return {
    kinds: everyMs > 0 ? kinds : {},
    everyMs,
    // Unless it syncs always, the log is written some milliseconds late, or seconds where the disk hangs.
    killsLoseNothing: settings.fsync === "always" && !keyspacesInMemory,
    stoppedMax: Math.max(1, Math.ceil(nodes / 2)),
    crashPauseMs: settings.fsync === "always" ? 0 : SYNCED_AFTER_MS,
    crashesMax: Math.min(
      crashesBorne(settings.fsync, writtenTo),
      keyspacesInMemory ? writtenTo - 1 : Infinity,
    ),
    movesMax: MOVES_MAX,
    nodesMin: Math.max(NODES_MIN, nodes - 2),
    wipesMax,
    ...(keyspacesInMemory && { keyspacesInMemory }),
  };
}

/** A write that one owner alone has acknowledged goes with that owner, if it goes while it is down. */
function movesBorne(isOnDisk: boolean, writtenTo: number): Partial<Record<FaultKind, number>> {
  const staying = { join: 3, reweigh: 2 };
  if (writtenTo < 2) return staying;
  return { ...staying, leave: 3, ...(isOnDisk && { replace: 2 }) };
}

function crashesBorne(fsync: NodeSettings["fsync"], writtenTo: number): number {
  if (fsync === "always") return Number.POSITIVE_INFINITY;
  if (writtenTo < 2) return 0;
  return fsync === "everysec" ? Number.POSITIVE_INFINITY : 1;
}

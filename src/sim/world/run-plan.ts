/** One simulated run as it is wanted: a cluster, its clients, what befalls it and for how long. */
import { DEFAULT_SETTINGS, type NodeSettings } from "../../node/settings.ts";
import type { ConsistencyLevel } from "../../replication/quorum-need.ts";
import type { Promises } from "../history/history.ts";
import { machinesFor, type PromiseGrounds, promisesOf } from "../history/promises.ts";
import { type ClusterPlan, planCluster } from "./cluster-plan.ts";
import { CACHED } from "./keyspace-draws.ts";
import type { NemesisBounds } from "./nemesis.ts";
import { boundsFor } from "./nemesis-bounds.ts";
import { FULL_MIX, type Mix } from "./request-maker.ts";
import type { Deed } from "./script.ts";

export interface RunPlan {
  readonly seed: string;
  readonly cluster: ClusterPlan;
  readonly clients: number;
  readonly thinkMs: number;
  /** A client that has waited so long gives up, and counts what it has asked as unknown. */
  readonly patienceMs: number;
  readonly keysPerFamily: number;
  readonly skew: number;
  readonly mix: Mix;
  /** Keys begin with their family's name and a colon, and keyspaces of these names come, change and go. */
  readonly keyspaces: boolean;
  /** One way, between any two datacenters; 0: no more than between any two nodes. */
  readonly farMs: number;
  /** Of connections that ask for other levels than the keyspace's. */
  readonly levels: { readonly read: ConsistencyLevel; readonly write: ConsistencyLevel } | undefined;
  readonly bounds: NemesisBounds;
  readonly promises: Promises;
  /** Whence they follow. */
  readonly grounds: PromiseGrounds;
  /** The run ends as soon as all replicas are equal, and does not wait for as long as that may take. */
  readonly endsEarly: boolean;
  readonly warmUpMs: number;
  readonly faultsMs: number;
  /** What befalls the cluster, in place of what the seed would draw. */
  readonly script: readonly Deed[] | undefined;
}

export interface RunWishes {
  readonly seed: string;
  readonly nodes?: number;
  readonly datacenters?: number;
  readonly nodesPerMachine?: number;
  readonly settings?: Partial<NodeSettings>;
  readonly copies?: number;
  readonly read?: ConsistencyLevel;
  readonly write?: ConsistencyLevel;
  readonly isSloppy?: boolean;
  /** One way, between any two datacenters. */
  readonly farMs?: number;
  /** True: the nodes found their cluster themselves; then copies and mode are the defaults. */
  readonly founds?: boolean;
  readonly clients?: number;
  readonly thinkMs?: number;
  readonly keysPerFamily?: number;
  readonly skew?: number;
  readonly mix?: Mix;
  /** Of nodes that found their cluster: see RunPlan. */
  readonly keyspaces?: boolean;
  /** Of those, some are in memory, and one is a cache. */
  readonly keyspacesInMemory?: boolean;
  readonly clockFaults?: boolean;
  /** Nodes join, leave, weigh more and are replaced, too. Only where they found their cluster themselves. */
  readonly moves?: boolean;
  /** A disk is lost or rots; only where nodes know each other from the beginning, for else a wiped node is a new one. */
  readonly wipes?: boolean;
  readonly endsEarly?: boolean;
  /** What each node keeps for nodes that are down, at most: so little that some of it has to come another way. */
  readonly hintBytesMax?: number;
  readonly doublesMessages?: boolean;
  readonly faultEveryMs?: number;
  readonly faultsMs?: number;
  readonly script?: readonly Deed[];
}

const COPIES_DEFAULT = 3;
const WARM_UP_MS = 2_000;
const CLIENT_PATIENCE_MS = 3_000;
const MOVES_MS = 75_000;
const CACHED_SHARE = 3;

export function planRun(wishes: RunWishes): RunPlan {
  const { seed, nodes = 5, datacenters = 1, nodesPerMachine = 1, founds = true } = wishes;
  const { read = "quorum", write = "quorum", clockFaults = true, faultEveryMs = 3_000 } = wishes;
  const moves = founds && (wishes.moves ?? false);
  const copies = founds ? COPIES_DEFAULT : (wishes.copies ?? COPIES_DEFAULT);
  const isSloppy = founds || (wishes.isSloppy ?? true);
  const settings = {
    ...DEFAULT_SETTINGS,
    storage: "disk" as const,
    fsync: "always" as const,
    ...wishes.settings,
  };
  const cluster = planCluster({
    nodes,
    datacenters,
    nodesPerMachine,
    settings: { storage: settings.storage, fsync: settings.fsync, ...wishes.settings },
    hintBytesMax: wishes.hintBytesMax,
    doublesMessages: wishes.doublesMessages,
    ...(!founds && { keyspace: keyspaceOf(copies, datacenters, isSloppy) }),
  });
  const machines = new Set(cluster.nodes.map(({ machine }) => machine)).size;
  const keyspaces = founds && (wishes.keyspaces ?? false);
  const keyspacesInMemory = keyspaces && settings.storage === "disk" && wishes.keyspacesInMemory === true;
  const mix = withCache(keyspacesInMemory, wishes.mix ?? FULL_MIX);
  const asksForOne = mix.otherLevelsOneIn > 0;
  const sites = sitesOf(cluster, copies);
  const writtenTo = asksForOne ? 1 : machinesFor(write, sites);
  const wipes = wishes.wipes === true && !founds;
  const bounded = { nodes, settings, clockFaults, writtenTo, moves, wipes, keyspaces, keyspacesInMemory };
  const bounds = boundsFor(bounded, faultEveryMs);
  const isOnDisk = settings.storage === "disk";
  const grounds = {
    machines,
    nodes,
    copies: copies * datacenters,
    sites,
    read,
    write,
    isSloppy,
    isSynced: isOnDisk && settings.fsync === "always",
    hasKills: (bounds.kinds.kill ?? 0) > 0,
    hasCrashes: (bounds.kinds.crash ?? 0) > 0,
    hasWipes: bounds.wipesMax > 0,
    hasClockFaults: clockFaults,
    isInMemory: !isOnDisk || keyspacesInMemory,
    repairsItself: true,
  };
  return {
    seed,
    cluster,
    clients: wishes.clients ?? 6,
    thinkMs: wishes.thinkMs ?? 300,
    patienceMs: CLIENT_PATIENCE_MS,
    keysPerFamily: wishes.keysPerFamily ?? 6,
    skew: wishes.skew ?? 0.8,
    mix,
    keyspaces,
    farMs: wishes.farMs ?? 0,
    levels: read === "quorum" && write === "quorum" ? undefined : { read, write },
    bounds,
    promises: withMoves(moves, promisesOf(grounds)),
    grounds,
    endsEarly: wishes.endsEarly ?? false,
    warmUpMs: WARM_UP_MS,
    faultsMs: wishes.faultsMs ?? 60_000,
    script: wishes.script,
  };
}

function withCache(isWanted: boolean, mix: Mix): Mix {
  return isWanted ? { ...mix, families: { ...mix.families, [CACHED]: CACHED_SHARE } } : mix;
}

/** How many copies each datacenter has: as many as are asked for, or as it has machines. */
function sitesOf({ nodes }: ClusterPlan, copies: number): readonly number[] {
  const machines = new Map<string, Set<string>>();
  for (const { datacenter, machine } of nodes)
    machines.set(datacenter, (machines.get(datacenter) ?? new Set()).add(machine));
  return [...machines.values()].map(({ size }) => Math.min(copies, size));
}

/** Moves wait for each other, and for who is down; what came late to where a slot was is looked for once a minute. */
function withMoves(moves: boolean, promises: Promises): Promises {
  return moves ? { ...promises, convergesInMs: promises.convergesInMs + MOVES_MS } : promises;
}

function keyspaceOf(copies: number, datacenters: number, isSloppy: boolean): ClusterPlan["keyspace"] {
  return {
    copies: Array.from({ length: datacenters }, (_, i) => ({ datacenter: `dc${i + 1}`, count: copies })),
    mode: isSloppy ? "ap" : "cp",
  };
}

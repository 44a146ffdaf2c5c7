/**
 * How many machines a request of a client waits for: what the request says itself (KV.WITH), else what its connection has
 * chosen (KV.CONSISTENCY), else what the keyspace of its first key says.
 */
import { toText } from "../../base/bytes.ts";
import { keyspacesOf } from "../../membership/keyspaces.ts";
import type { Keyspace, Topology } from "../../membership/topology.ts";
import { type ConsistencyLevel, parseConsistency, quorumNeed } from "../../replication/quorum-need.ts";
import type { Cluster } from "../../replication/replica-calls.ts";
import { echo } from "../arguments.ts";
import { CommandError } from "../command-shape.ts";
import type { ServedCluster } from "./served-cluster.ts";

/** Undefined: whoever is asked next says it. */
export interface AskedLevels {
  readonly read: ConsistencyLevel | undefined;
  readonly write: ConsistencyLevel | undefined;
}

export interface Levels {
  readonly read: ConsistencyLevel;
  readonly write: ConsistencyLevel;
  /** See WriteOptions. */
  readonly isSloppy: boolean;
}

export const UNASKED: AskedLevels = { read: undefined, write: undefined };

/** Named pairs, in which what is read has always been written: R + W > N. */
const PRESETS: Readonly<Record<string, AskedLevels>> = {
  BALANCED: { read: "quorum", write: "quorum" },
  "FAST-READS": { read: "one", write: "all" },
  "FAST-WRITES": { read: "all", write: "one" },
};

/** The levels for a request whose first key this is. */
export function levelsFor(topology: Topology, key: Uint8Array | undefined, asked: AskedLevels): Levels {
  const keyspaces = keyspacesOf(topology);
  return levelsIn(key === undefined ? keyspaces.default : keyspaces.of(key), asked);
}

/** The levels for a request whose first key is of this keyspace. */
export function levelsIn({ read, write, mode }: Keyspace, asked: AskedLevels): Levels {
  return { read: asked.read ?? read, write: asked.write ?? write, isSloppy: mode === "ap" };
}

/** True if another datacenter's replicas cannot do it: their majority would not be this one's. */
export function isLocal({ read, write }: Pick<Levels, "read" | "write">): boolean {
  return read === "local_quorum" || write === "local_quorum";
}

export function withDefaults(asked: AskedLevels, defaults: AskedLevels): AskedLevels {
  return { read: asked.read ?? defaults.read, write: asked.write ?? defaults.write };
}

export interface ParsedLevels {
  readonly asked: AskedLevels;
  /** The first argument that is not about levels. */
  readonly end: number;
}

/** Reads `READ level`, `WRITE level` and the names of presets, as long as they follow each other. Throws CommandError. */
export function parseLevels(args: readonly Uint8Array[], start: number): ParsedLevels {
  let asked = UNASKED;
  let i = start;
  for (; i < args.length; i++) {
    const option = toText(args[i]!).toUpperCase();
    const preset = Object.hasOwn(PRESETS, option) ? PRESETS[option] : undefined;
    if (preset !== undefined) asked = preset;
    else if (option === "READ") asked = { ...asked, read: levelNamed(args[++i]) };
    else if (option === "WRITE") asked = { ...asked, write: levelNamed(args[++i]) };
    else break;
  }
  return { asked, end: i };
}

function levelNamed(argument: Uint8Array | undefined): ConsistencyLevel {
  const level = argument === undefined ? undefined : parseConsistency(toText(argument));
  if (level !== undefined) return level;
  const given = argument === undefined ? "nothing" : `'${echo(argument)}'`;
  throw new CommandError(
    `ERR ${given} is no consistency: one, quorum, all, local_quorum, each_quorum, or a number of machines`,
  );
}

/** Throws CommandError with the reason if no state of the cluster could meet a level. */
export function refuseImpossible({ read, write }: AskedLevels, cluster: ServedCluster | undefined): void {
  const { self, replicas } = cluster === undefined ? ALONE : firstSlotOf(cluster);
  for (const [name, level] of [
    ["READ", read],
    ["WRITE", write],
  ] as const) {
    if (level === undefined) continue;
    const result = quorumNeed(level, replicas, self.datacenter);
    if (result.kind === "impossible") throw new CommandError(`ERR ${name} ${level}: ${result.reason}`);
  }
}

function firstSlotOf({ view, self }: Pick<ServedCluster, "view" | "self">): {
  self: Cluster["self"];
  replicas: ReturnType<Cluster["replicasOf"]>;
} {
  return { self, replicas: view.replicasOf(0) };
}

const NOBODY_ELSE = { id: "", machine: "", rack: "", datacenter: "" };
const ALONE = { self: NOBODY_ELSE, replicas: [NOBODY_ELSE] };

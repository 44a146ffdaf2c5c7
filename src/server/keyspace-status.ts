/** What is told of a keyspace: by KV.STATUS, by KV.KEYSPACE, and so by `kvorum keyspace`. */
import type { EvictionPolicy } from "../base/eviction-policy.ts";
import type { Consistency, Keyspace } from "../membership/topology.ts";

export interface KeyspaceStatus {
  readonly name: string;
  /** Asked for in all datacenters together. */
  readonly copies: number;
  readonly copiesByDatacenter: Readonly<Record<string, number>>;
  readonly read: string;
  readonly write: string;
  /** Whether a read sees every write that was acknowledged before it, with these levels (R + W > N). */
  readonly readsSeeWrites: ReadsSeeWrites;
  /** 0: values that are written without an expiry have none. */
  readonly ttlMs: number;
  readonly conflictRule: Keyspace["conflictRule"];
  readonly storage: Keyspace["storage"];
  /** Of a keyspace in memory: what its rows may take on each node (0 for no limit), and which go then. */
  readonly maxmemory?: number;
  readonly evict?: EvictionPolicy;
  readonly mode: Keyspace["mode"];
}

export type ReadsSeeWrites = "always" | "within a datacenter" | "not always";

export function keyspaceStatus(keyspace: Keyspace): KeyspaceStatus {
  const { name, copies, read, write, ttlMs, conflictRule, storage, mode, memory } = keyspace;
  return {
    name,
    copies: copiesIn(keyspace),
    copiesByDatacenter: Object.fromEntries(copies.map(({ datacenter, count }) => [datacenter, count])),
    read: String(read),
    write: String(write),
    readsSeeWrites: readsSeeWrites(keyspace),
    ttlMs,
    conflictRule,
    storage,
    ...(memory !== undefined && { maxmemory: memory.bytesMax, evict: memory.evictionPolicy }),
    mode,
  };
}

function readsSeeWrites(keyspace: Keyspace): ReadsSeeWrites {
  const { copies, read, write } = keyspace;
  if (read === "local_quorum" && write === "local_quorum") {
    return copies.length === 1 ? "always" : "within a datacenter";
  }
  const meetsEverywhere = [read, write].every((level) => level === "local_quorum" || level === "each_quorum");
  const isCovered = leastMachines(read, keyspace) + leastMachines(write, keyspace) > copiesIn(keyspace);
  return meetsEverywhere || isCovered ? "always" : "not always";
}

/** As many machines as the level waits for at the least. */
function leastMachines(level: Consistency | number, keyspace: Keyspace): number {
  if (typeof level === "number") return level;
  const majorities = keyspace.copies.map(({ count }) => majority(count));
  switch (level) {
    case "one":
      return 1;
    case "quorum":
      return majority(copiesIn(keyspace));
    case "all":
      return copiesIn(keyspace);
    case "local_quorum":
      return Math.min(...majorities);
    case "each_quorum":
      return majorities.reduce((sum, count) => sum + count, 0);
  }
}

function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

function copiesIn({ copies }: Keyspace): number {
  return copies.reduce((sum, { count }) => sum + count, 0);
}

/**
 * What somebody wants of a keyspace, and what comes of it: the settings that he names change, the others stay as they are,
 * or for a new keyspace, as the default one's are now. Refused is what nothing could ever meet. Pure.
 */
import type { EvictionPolicy } from "../base/eviction-policy.ts";
import { compareText } from "../ring/ring-member.ts";
import {
  COPIES_MAX,
  type ConsistencyLevel,
  DEFAULT_KEYSPACE,
  defaultKeyspaceOf,
  findKeyspaceFault,
  KEYSPACES_MAX,
  type Keyspace,
  type KeyspaceMemory,
  type Topology,
} from "./topology.ts";

export interface KeyspaceWish {
  /** In each datacenter that has copies now, or datacenter by datacenter: then those not named have none. */
  readonly copies?: number | ReadonlyMap<string, number>;
  readonly read?: ConsistencyLevel;
  readonly write?: ConsistencyLevel;
  /** 0: keys do not expire by themselves. */
  readonly ttlMs?: number;
  readonly conflictRule?: Keyspace["conflictRule"];
  readonly mode?: Keyspace["mode"];
  readonly storage?: Keyspace["storage"];
  /** Of storage memory, as is `evictionPolicy`; 0 for no limit. */
  readonly maxmemoryBytes?: number;
  readonly evictionPolicy?: EvictionPolicy;
}

export type WishedKeyspace =
  | { readonly kind: "wished"; readonly keyspace: Keyspace }
  | { readonly kind: "refused"; readonly reason: string };

/** Names that people can type, and that clients' keys begin with as they are. */
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Who is asked: its keyspaces, and who is in it; a node alone has no members. */
export type KeyspaceHost = Pick<Topology, "keyspaces" | "members">;

export function wishedKeyspace(host: KeyspaceHost, name: string, wish: KeyspaceWish): WishedKeyspace {
  const { keyspaces } = host;
  if (!NAME.test(name)) {
    return refused("a keyspace is named by 1 to 64 letters, digits, dots, hyphens and underscores");
  }
  const known = keyspaces.find((keyspace) => keyspace.name === name);
  if (known === undefined && keyspaces.length >= KEYSPACES_MAX) {
    return refused(`there are ${KEYSPACES_MAX} keyspaces already, and no more are possible`);
  }
  const present = known ?? { ...defaultKeyspaceOf(host), name };
  const copies = wish.copies === undefined ? present.copies : listed(wish.copies, present);
  const { read, write, ttlMs, conflictRule, mode, storage } = { ...present, ...wish };
  const memory = storage === "memory" ? memoryOf(present, wish) : undefined;
  const settings = { name, copies, read, write, storage, ttlMs, conflictRule, mode };
  const keyspace = memory === undefined ? settings : { ...settings, memory };
  const reason =
    findPlaceFault(host, wish, keyspace) ??
    findUnbuiltFault(present, wish, copies) ??
    findMemoryFault(host, wish, keyspace) ??
    findLevelFaults(host, keyspace) ??
    findKeyspaceFault(keyspace);
  return reason === undefined ? { kind: "wished", keyspace } : refused(reason);
}

function listed(copies: number | ReadonlyMap<string, number>, present: Keyspace): Keyspace["copies"] {
  if (typeof copies === "number") return present.copies.map((each) => ({ ...each, count: copies }));
  return [...copies]
    .map(([datacenter, count]) => ({ datacenter, count }))
    .sort((a, b) => compareText(a.datacenter, b.datacenter));
}

function findPlaceFault(
  { members }: KeyspaceHost,
  wish: KeyspaceWish,
  { copies }: Keyspace,
): string | undefined {
  if (wish.copies === undefined) return undefined;
  if (members.length === 0) return "a node alone keeps one copy of everything";
  const there = [...new Set(members.map(({ datacenter }) => datacenter))].sort(compareText);
  for (const { datacenter, count } of copies) {
    if (!there.includes(datacenter)) {
      return `no member is in datacenter ${datacenter}: members are in ${there.join(", ")}`;
    }
    if (!Number.isSafeInteger(count) || count < 1 || count > COPIES_MAX) {
      return `a datacenter keeps 1 to ${COPIES_MAX} copies; leave it out for none`;
    }
  }
  return copies.length === 0 ? "some datacenter must keep copies" : undefined;
}

/** What there are words for, and nothing behind them yet. */
function findUnbuiltFault(
  present: Keyspace,
  { mode }: KeyspaceWish,
  copies: Keyspace["copies"],
): string | undefined {
  if (present.name !== DEFAULT_KEYSPACE && !isSame(copies, present.copies)) {
    return "all keyspaces have as many copies yet as the default one: change them there";
  }
  if (mode === "cp" && present.mode !== "cp") {
    return "there is no mode cp yet: a keyspace whose writes are linearizable needs a consensus on each key, and all are ap";
  }
  return undefined;
}

function memoryOf({ memory }: Keyspace, wish: KeyspaceWish): KeyspaceMemory {
  return {
    bytesMax: wish.maxmemoryBytes ?? memory?.bytesMax ?? 0,
    evictionPolicy: wish.evictionPolicy ?? memory?.evictionPolicy ?? "noeviction",
  };
}

function findMemoryFault(
  { members }: KeyspaceHost,
  wish: KeyspaceWish,
  { name, storage, memory }: Keyspace,
): string | undefined {
  if (name === DEFAULT_KEYSPACE && wish.storage === "memory") {
    return "the default keyspace is kept where the node's --storage says; declare one for the keys that shall be in memory";
  }
  const isLimited = wish.maxmemoryBytes !== undefined || wish.evictionPolicy !== undefined;
  if (isLimited && storage === "disk") {
    return `maxmemory and evict are of keyspaces with storage memory, and ${name} has storage disk`;
  }
  if (memory !== undefined && memory.bytesMax === 0 && memory.evictionPolicy !== "noeviction") {
    return `evict ${memory.evictionPolicy} says what goes once maxmemory is reached: say how much that is`;
  }
  if (members.length > 0 && memory?.evictionPolicy.startsWith("volatile") === true) {
    return `evict ${memory.evictionPolicy}: in a cluster what is deleted is remembered as a row that does not expire, and would fill the memory; allkeys-lru and the like let it go`;
  }
  return undefined;
}

/** Copies are those of all. */
function findLevelFaults({ keyspaces }: KeyspaceHost, wished: Keyspace): string | undefined {
  const { copies } = wished;
  const others = keyspaces.filter(({ name }) => name !== wished.name);
  return [wished, ...others.map((keyspace) => ({ ...keyspace, copies }))].map(findLevelFault).find(Boolean);
}

function findLevelFault({ name, copies, read, write }: Keyspace): string | undefined {
  const all = copies.reduce((sum, { count }) => sum + count, 0);
  for (const [what, level] of [
    ["read", read],
    ["write", write],
  ] as const) {
    if (typeof level !== "number" || level <= all) continue;
    return `${what} ${level}: ${name === DEFAULT_KEYSPACE ? "the default keyspace" : name} keeps ${all === 1 ? "1 copy" : `${all} copies`}`;
  }
  return undefined;
}

export function isSame(a: Keyspace["copies"], b: Keyspace["copies"]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function refused(reason: string): WishedKeyspace {
  return { kind: "refused", reason };
}

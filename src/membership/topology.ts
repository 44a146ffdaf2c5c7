/**
 * Topology: the cluster's plan, one immutable document. Every change makes a new one with the next epoch; a majority of
 * the voters commits it, and gossip spreads the word. Addresses are not in it: nodes are known by id, and where one
 * can be reached is news (gossip.ts).
 *
 * Invariant: members are sorted by id, keyspaces by name, and one is named "default". At most one move is under way, and
 * no voters change while others do. findTopologyFault says it all.
 */
import type { EvictionPolicy } from "../base/eviction-policy.ts";
import { compareText, type NodeId, type RingMember, WEIGHT_SUM_MAX } from "../ring/ring-member.ts";
import { SLOT_COUNT } from "../ring/slot.ts";

export interface Topology {
  readonly epoch: number;
  readonly clusterId: string;
  readonly members: readonly TopologyMember[];
  readonly keyspaces: readonly Keyspace[];
  /** The acceptors of the topology's own register, and while they change, those to come. */
  readonly voters: readonly NodeId[];
  readonly nextVoters?: readonly NodeId[];
  readonly move?: Move;
}

/** Its tokens are those it has now; none while it joins. */
export interface TopologyMember extends RingMember {
  readonly state: MemberState;
}

export const MEMBER_STATES = ["joining", "member", "leaving"] as const;
export type MemberState = (typeof MEMBER_STATES)[number];

/** Slots on their way: `tokens` are what those members will have that have others now. */
export interface Move {
  readonly kind: MoveKind;
  /** Who joins, leaves, changes its weight, or takes another's place. Of a change of copies: some member. */
  readonly id: NodeId;
  /** Whose place that is: it is no member any more once the move is over. */
  readonly replaced?: NodeId;
  /** Of a change of copies: how many there will be, of the keys of all keyspaces. */
  readonly copies?: Keyspace["copies"];
  /** The epoch in which it began. */
  readonly since: number;
  readonly stage: MoveStage;
  /** Owners that were not heard by all who gain slots of theirs: they must look whether others lack something, before they drop it. */
  readonly missed: readonly NodeId[];
  readonly tokens: readonly { readonly id: NodeId; readonly tokens: readonly number[] }[];
}

export const MOVE_KINDS = ["join", "leave", "reweigh", "replace", "copies"] as const;
export type MoveKind = (typeof MOVE_KINDS)[number];

/** Writes go to the owners of now and to those to come, and need both. Reads: first to those of now, then to those to come. */
export const MOVE_STAGES = ["streaming", "settling"] as const;
export type MoveStage = (typeof MOVE_STAGES)[number];

export interface Keyspace {
  readonly name: string;
  /** By datacenter, sorted by its name. */
  readonly copies: readonly { readonly datacenter: string; readonly count: number }[];
  readonly read: ConsistencyLevel;
  readonly write: ConsistencyLevel;
  readonly storage: (typeof STORAGES)[number];
  /** 0: keys do not expire by themselves. */
  readonly ttlMs: number;
  readonly conflictRule: (typeof CONFLICT_RULES)[number];
  readonly mode: (typeof MODES)[number];
  /** There with storage memory, and only then. */
  readonly memory?: KeyspaceMemory;
}

export interface KeyspaceMemory {
  /** What its rows may take on each node; 0 for no limit. */
  readonly bytesMax: number;
  /** Which of them go then. */
  readonly evictionPolicy: EvictionPolicy;
}

export type Consistency = (typeof CONSISTENCIES)[number];
/** A word, or how many machines. */
export type ConsistencyLevel = Consistency | number;

export const CONSISTENCIES = ["one", "quorum", "all", "local_quorum", "each_quorum"] as const;
export const STORAGES = ["disk", "memory"] as const;
/** Of concurrent values: all are shown to whoever asks for all, or only the newest is. All are kept until they are replaced. */
export const CONFLICT_RULES = ["newest", "siblings"] as const;
export const MODES = ["ap", "cp"] as const;
export const DEFAULT_KEYSPACE = "default";
export const COPIES_MAX = 15;
export const WEIGHT_MAX = 64;
/** They are looked through for keys. */
export const KEYSPACES_MAX = 64;
export const TTL_MS_MAX = 2 ** 47;
const LEVEL_MAX = 999_999_999;
const NAME_LENGTH_MAX = 255;

export function memberOf({ members }: Topology, id: NodeId): TopologyMember | undefined {
  return members.find((member) => member.id === id);
}

/** Whom the ring has now: for reads, and for the writes that must be there. */
export function ringMembersNow({ members }: Topology): readonly RingMember[] {
  return members.filter(({ tokens }) => tokens.length > 0);
}

/** Whom it has once the move under way is over: who is in this and not in that is pending, and gets writes at once. */
export function ringMembersNext({ members, move }: Topology): readonly RingMember[] {
  const next = new Map(move?.tokens.map(({ id, tokens }) => [id, tokens]));
  return members
    .map((member) => ({ ...member, tokens: next.get(member.id) ?? member.tokens }))
    .filter(({ tokens }) => tokens.length > 0);
}

/** By datacenter. All keyspaces have as many. */
export function copiesNow(topology: Pick<Topology, "keyspaces">): ReadonlyMap<string, number> {
  return copiesOf(defaultKeyspaceOf(topology));
}

/** Once the move under way is over. */
export function copiesNext(topology: Pick<Topology, "keyspaces" | "move">): ReadonlyMap<string, number> {
  return copiesOf({ copies: topology.move?.copies ?? defaultKeyspaceOf(topology).copies });
}

export function copiesOf({ copies }: Pick<Keyspace, "copies">): ReadonlyMap<string, number> {
  return new Map(copies.map(({ datacenter, count }) => [datacenter, count]));
}

/** The one of every key that names no other. */
export function defaultKeyspaceOf({ keyspaces }: Pick<Topology, "keyspaces">): Keyspace {
  return keyspaces.find(({ name }) => name === DEFAULT_KEYSPACE)!;
}

/** What is wrong with the document, if anything. */
export function findTopologyFault(topology: Topology): string | undefined {
  const { epoch, members, keyspaces, voters, nextVoters, move } = topology;
  if (!isWhole(epoch, 1, Number.MAX_SAFE_INTEGER)) return "the epoch is a whole number from 1";
  if (!isName(topology.clusterId)) return "the cluster has an id";
  if (!isRising(members.map(({ id }) => id))) return "members are sorted by id, each once";
  if (!isRising(keyspaces.map(({ name }) => name))) return "keyspaces are sorted by name, each once";
  if (keyspaces.length > KEYSPACES_MAX) return `there are more than ${KEYSPACES_MAX} keyspaces`;
  if (!keyspaces.some(({ name }) => name === DEFAULT_KEYSPACE))
    return `there is a keyspace "${DEFAULT_KEYSPACE}"`;
  const isMember = (id: NodeId): boolean => members.some((member) => member.id === id);
  for (const group of nextVoters === undefined ? [voters] : [voters, nextVoters]) {
    if (group.length === 0 || !isRising(group)) return "voters are sorted by id, each once, and there is one";
  }
  // One that has left may still be among the old voters until the change of voters is finished.
  if (!(nextVoters ?? voters).every(isMember)) return "voters are members";
  const movers = move && [move.id, ...(move.replaced === undefined ? [] : [move.replaced])];
  if (move !== undefined && ![...movers!, ...move.tokens.map(({ id }) => id)].every(isMember)) {
    return "a move is one of members";
  }
  if ((move?.kind === "replace") !== (move?.replaced !== undefined))
    return "only a replacement takes a place";
  if ((move?.kind === "copies") !== (move?.copies !== undefined))
    return "only a change of copies says how many there will be";
  const next = move?.copies && findKeyspaceFault({ ...defaultKeyspaceOf(topology), copies: move.copies });
  if (next !== undefined) return next;
  return (
    findMemberFault(members, ringMembersNext(topology)) ?? keyspaces.map(findKeyspaceFault).find(Boolean)
  );
}

function findMemberFault(
  members: readonly TopologyMember[],
  next: readonly RingMember[],
): string | undefined {
  for (const { id, datacenter, rack, machine, weight } of members) {
    if (![id, datacenter, rack, machine].every(isName)) return `a name of member ${id} is empty or too long`;
    if (!isWhole(weight, 1, WEIGHT_MAX))
      return `the weight of ${id} is a whole number from 1 to ${WEIGHT_MAX}`;
  }
  for (const datacenter of new Set(members.map((member) => member.datacenter))) {
    const here = members.filter((member) => member.datacenter === datacenter);
    const weightSum = here.reduce((sum, { weight }) => sum + weight, 0);
    if (weightSum > WEIGHT_SUM_MAX) return `the weights of ${datacenter} exceed ${WEIGHT_SUM_MAX}`;
    for (const ring of [here, next.filter((member) => member.datacenter === datacenter)]) {
      const tokens = ring.flatMap((member) => member.tokens);
      if (!tokens.every((token) => isWhole(token, 0, SLOT_COUNT - 1))) return "a token is a slot";
      if (new Set(tokens).size < tokens.length) return `two tokens of ${datacenter} are equal`;
    }
  }
  return undefined;
}

/** Also of a keyspace that is only wished for. */
export function findKeyspaceFault(keyspace: Keyspace): string | undefined {
  const { name, copies, read, write, ttlMs, storage, memory } = keyspace;
  if (!isName(name) || name.includes(":")) return `a keyspace may not be named ${JSON.stringify(name)}`;
  if (!isRising(copies.map(({ datacenter }) => datacenter)))
    return `datacenters of ${name} are sorted, each once`;
  if (copies.length === 0 || !copies.every(({ count }) => isWhole(count, 1, COPIES_MAX))) {
    return `${name} keeps 1 to ${COPIES_MAX} copies in each of its datacenters`;
  }
  for (const level of [read, write]) {
    if (typeof level === "number" && !isWhole(level, 1, LEVEL_MAX))
      return `${level} is no number of machines`;
  }
  if ((storage === "memory") !== (memory !== undefined)) return `${name} has limits in memory, or is on disk`;
  if (storage === "memory" && name === DEFAULT_KEYSPACE) return "the default keyspace is where the node is";
  if (memory !== undefined && !isWhole(memory.bytesMax, 0, Number.MAX_SAFE_INTEGER))
    return `the memory of ${name} is no number of bytes`;
  return isWhole(ttlMs, 0, TTL_MS_MAX) ? undefined : `the expiry of ${name} is no number of milliseconds`;
}

function isName(text: string): boolean {
  return text.length > 0 && text.length <= NAME_LENGTH_MAX;
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

function isRising(names: readonly string[]): boolean {
  return names.every((name, i) => i === 0 || compareText(names[i - 1]!, name) < 0);
}

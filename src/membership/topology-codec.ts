/**
 * A topology as bytes: what its register holds, what is kept on disk, and what nodes fetch from each other.
 * DO NOT CHANGE: see docs/formats/topology.md to add a version. Canonical: equal topologies have equal bytes.
 */
import { EVICTION_POLICIES } from "../base/eviction-policy.ts";
import { corrupt, decodeDocument, encodeDocument, type Fields } from "./checked-document.ts";
import {
  CONFLICT_RULES,
  CONSISTENCIES,
  type ConsistencyLevel,
  findTopologyFault,
  type Keyspace,
  type KeyspaceMemory,
  MEMBER_STATES,
  MODES,
  MOVE_KINDS,
  MOVE_STAGES,
  type Move,
  STORAGES,
  type Topology,
  type TopologyMember,
} from "./topology.ts";

const MAGIC = "KVTP";
/** Version 2 tells more of a move; version 3 of keyspaces, and version 4 of those in memory. Each topology has the oldest that says it all: older nodes can read it. */
const STAGED_VERSION = 2;
export const KEYSPACES_VERSION = 3;
export const MEMORY_VERSION = 4;

/** Requires: findTopologyFault finds none. */
export function encodeTopology(topology: Topology): Uint8Array {
  const { epoch, clusterId, members, keyspaces, voters, nextVoters, move } = topology;
  const version = versionFor(topology);
  return encodeDocument(MAGIC, version, {
    epoch,
    clusterId,
    // Every object is written field by field: so their order here is the order there.
    members: members.map(({ id, datacenter, rack, machine, weight, tokens, state }) => {
      return { id, datacenter, rack, machine, weight, tokens, state };
    }),
    keyspaces: keyspaces.map((keyspace) => keyspaceFields(keyspace, version)),
    voters,
    nextVoters,
    move: move && {
      kind: move.kind,
      id: move.id,
      replaced: move.replaced,
      copies: move.copies && copiesFields(move.copies),
      since: move.since,
      stage: move.stage,
      missed: move.missed,
      tokens: move.tokens.map(({ id, tokens }) => ({ id, tokens })),
    },
  });
}

function versionFor({ keyspaces, move }: Topology): number {
  if (keyspaces.some(({ storage }) => storage === "memory")) return MEMORY_VERSION;
  const isPlain = ({ read, write, ttlMs, conflictRule }: Keyspace): boolean =>
    typeof read === "string" && typeof write === "string" && ttlMs === 0 && conflictRule === "siblings";
  if (move?.kind === "copies" || keyspaces.length > 1 || !keyspaces.every(isPlain)) return KEYSPACES_VERSION;
  return move === undefined ? 1 : STAGED_VERSION;
}

const LATER_VERSIONS = [STAGED_VERSION, KEYSPACES_VERSION, MEMORY_VERSION];

/** Before version 3, all keyspaces said "newest", and showed siblings nevertheless. */
const RULE_BEFORE = "newest";

/** Field by field, in the order in which documents have them. */
export function keyspaceFields(keyspace: Keyspace, version: number): object {
  const { name, copies, read, write, storage, ttlMs, conflictRule, mode } = keyspace;
  const rule = version < KEYSPACES_VERSION ? RULE_BEFORE : conflictRule;
  const memory = version < MEMORY_VERSION ? undefined : memoryFields(keyspace);
  return {
    name,
    copies: copiesFields(copies),
    read,
    write,
    storage,
    ttlMs,
    conflictRule: rule,
    mode,
    memory,
  };
}

function memoryFields({ memory }: Keyspace): object | undefined {
  return memory && { bytesMax: memory.bytesMax, evictionPolicy: memory.evictionPolicy };
}

function copiesFields(copies: Keyspace["copies"]): object {
  return copies.map(({ datacenter, count }) => ({ datacenter, count }));
}

/** Throws StoreError CORRUPTION if encodeTopology did not make these bytes. */
export function decodeTopology(bytes: Uint8Array): Topology {
  const version = LATER_VERSIONS.find((each) => each === bytes[4]) ?? 1;
  const build = (fields: Fields): Topology => buildTopology(fields, version);
  const topology = decodeDocument(bytes, { magic: MAGIC, version }, build, encodeTopology);
  const fault = findTopologyFault(topology);
  if (fault !== undefined) throw corrupt(fault);
  return topology;
}

function buildTopology(fields: Fields, version: number): Topology {
  return {
    epoch: fields.number("epoch"),
    clusterId: fields.text("clusterId"),
    members: fields.objects("members", buildMember),
    keyspaces: fields.objects("keyspaces", (each) => buildKeyspace(each, version)),
    voters: fields.texts("voters"),
    ...(fields.has("nextVoters") && { nextVoters: fields.texts("nextVoters") }),
    ...(fields.has("move") && { move: buildMove(fields.object("move")) }),
  };
}

function buildMember(fields: Fields): TopologyMember {
  return {
    id: fields.text("id"),
    datacenter: fields.text("datacenter"),
    rack: fields.text("rack"),
    machine: fields.text("machine"),
    weight: fields.number("weight"),
    tokens: fields.numbers("tokens"),
    state: fields.word("state", MEMBER_STATES),
  };
}

/** Throws StoreError CORRUPTION if keyspaceFields did not make them. */
export function buildKeyspace(fields: Fields, version: number): Keyspace {
  return {
    name: fields.text("name"),
    copies: buildCopies(fields),
    read: levelOf(fields, "read"),
    write: levelOf(fields, "write"),
    storage: fields.word("storage", STORAGES),
    ttlMs: fields.number("ttlMs"),
    conflictRule: ruleOf(fields, version),
    mode: fields.word("mode", MODES),
    ...(version >= MEMORY_VERSION &&
      fields.has("memory") && { memory: buildMemory(fields.object("memory")) }),
  };
}

function buildMemory(fields: Fields): KeyspaceMemory {
  return {
    bytesMax: fields.number("bytesMax"),
    evictionPolicy: fields.word("evictionPolicy", EVICTION_POLICIES),
  };
}

function buildCopies(fields: Fields): Keyspace["copies"] {
  return fields.objects("copies", (each) => ({
    datacenter: each.text("datacenter"),
    count: each.number("count"),
  }));
}

function ruleOf(fields: Fields, version: number): Keyspace["conflictRule"] {
  if (version >= KEYSPACES_VERSION) return fields.word("conflictRule", CONFLICT_RULES);
  fields.word("conflictRule", [RULE_BEFORE]);
  return "siblings";
}

function levelOf(fields: Fields, name: string): ConsistencyLevel {
  return fields.isNumber(name) ? fields.number(name) : fields.word(name, CONSISTENCIES);
}

function buildMove(fields: Fields): Move {
  return {
    kind: fields.word("kind", MOVE_KINDS),
    id: fields.text("id"),
    ...(fields.has("replaced") && { replaced: fields.text("replaced") }),
    ...(fields.has("copies") && { copies: buildCopies(fields) }),
    since: fields.number("since"),
    stage: fields.word("stage", MOVE_STAGES),
    missed: fields.texts("missed"),
    tokens: fields.objects("tokens", (each) => ({ id: each.text("id"), tokens: each.numbers("tokens") })),
  };
}

/**
 * A topology as bytes: what its register holds, what is kept on disk, and what nodes fetch from each other.
 * DO NOT CHANGE: see docs/formats/topology.md to add a version. Canonical: equal topologies have equal bytes.
 */
import { corrupt, decodeDocument, encodeDocument, type Fields } from "./checked-document.ts";
import {
  CONFLICT_RULES,
  CONSISTENCIES,
  findTopologyFault,
  type Keyspace,
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
/** Version 2 tells more of a move; without one, version 1 says it all, and older nodes can read it. */
const STAGED_VERSION = 2;

/** Requires: findTopologyFault finds none. */
export function encodeTopology(topology: Topology): Uint8Array {
  const { epoch, clusterId, members, keyspaces, voters, nextVoters, move } = topology;
  return encodeDocument(MAGIC, move === undefined ? 1 : STAGED_VERSION, {
    epoch,
    clusterId,
    // Every object is written field by field: so their order here is the order there.
    members: members.map(({ id, datacenter, rack, machine, weight, tokens, state }) => {
      return { id, datacenter, rack, machine, weight, tokens, state };
    }),
    keyspaces: keyspaces.map(({ name, copies, read, write, storage, ttlMs, conflictRule, mode }) => {
      const counts = copies.map(({ datacenter, count }) => ({ datacenter, count }));
      return { name, copies: counts, read, write, storage, ttlMs, conflictRule, mode };
    }),
    voters,
    nextVoters,
    move: move && {
      kind: move.kind,
      id: move.id,
      replaced: move.replaced,
      since: move.since,
      stage: move.stage,
      missed: move.missed,
      tokens: move.tokens.map(({ id, tokens }) => ({ id, tokens })),
    },
  });
}

/** Throws StoreError CORRUPTION if encodeTopology did not make these bytes. */
export function decodeTopology(bytes: Uint8Array): Topology {
  const version = bytes[4] === STAGED_VERSION ? STAGED_VERSION : 1;
  const topology = decodeDocument(bytes, { magic: MAGIC, version }, buildTopology, encodeTopology);
  const fault = findTopologyFault(topology);
  if (fault !== undefined) throw corrupt(fault);
  return topology;
}

function buildTopology(fields: Fields): Topology {
  return {
    epoch: fields.number("epoch"),
    clusterId: fields.text("clusterId"),
    members: fields.objects("members", buildMember),
    keyspaces: fields.objects("keyspaces", buildKeyspace),
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

function buildKeyspace(fields: Fields): Keyspace {
  return {
    name: fields.text("name"),
    copies: fields.objects("copies", (each) => ({
      datacenter: each.text("datacenter"),
      count: each.number("count"),
    })),
    read: fields.word("read", CONSISTENCIES),
    write: fields.word("write", CONSISTENCIES),
    storage: fields.word("storage", STORAGES),
    ttlMs: fields.number("ttlMs"),
    conflictRule: fields.word("conflictRule", CONFLICT_RULES),
    mode: fields.word("mode", MODES),
  };
}

function buildMove(fields: Fields): Move {
  return {
    kind: fields.word("kind", MOVE_KINDS),
    id: fields.text("id"),
    ...(fields.has("replaced") && { replaced: fields.text("replaced") }),
    since: fields.number("since"),
    stage: fields.word("stage", MOVE_STAGES),
    missed: fields.texts("missed"),
    tokens: fields.objects("tokens", (each) => ({ id: each.text("id"), tokens: each.numbers("tokens") })),
  };
}

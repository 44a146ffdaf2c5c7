/**
 * What a node remembers of its membership: who it is, the cluster's plan, and where the others were last. It is what
 * lets it come back after a restart without asking anybody, and under another address.
 * DO NOT CHANGE: see docs/formats/membership.md to add a version.
 */
import type { NodeId } from "../ring/ring-member.ts";
import { corrupt, decodeDocument, encodeDocument, type Fields } from "./checked-document.ts";
import type { Topology } from "./topology.ts";
import { decodeTopology, encodeTopology } from "./topology-codec.ts";

export interface MembershipRecord {
  readonly id: NodeId;
  /** Of the last life of the node. */
  readonly generation: number;
  /** Undefined until it is a member. */
  readonly plans: ClusterPlans | undefined;
  readonly addresses: readonly MemberAddress[];
}

export interface ClusterPlans {
  /** What the cluster began with; never changes. */
  readonly founding: Topology;
  /** The newest that is known. */
  readonly topology: Topology;
}

export interface MemberAddress {
  readonly id: NodeId;
  /** "host:port", for peers. */
  readonly address: string;
}

const RECORD = { magic: "KVMB", version: 1 };
const PLANS = { magic: "KVPL", version: 1 };
const TEXT_LENGTH_MAX = 255;

export function encodeMembershipRecord({ id, generation, plans, addresses }: MembershipRecord): Uint8Array {
  return encodeDocument(RECORD.magic, RECORD.version, {
    id,
    generation,
    plans: plans && base64(encodeClusterPlans(plans)),
    addresses: addresses.map(({ id: member, address }) => ({ id: member, address })),
  });
}

/** Throws StoreError CORRUPTION if encodeMembershipRecord did not make these bytes. */
export function decodeMembershipRecord(bytes: Uint8Array): MembershipRecord {
  return decodeDocument(bytes, RECORD, buildRecord, encodeMembershipRecord);
}

/** Also as nodes send them to each other. */
export function encodeClusterPlans({ founding, topology }: ClusterPlans): Uint8Array {
  const documents = {
    founding: base64(encodeTopology(founding)),
    topology: base64(encodeTopology(topology)),
  };
  return encodeDocument(PLANS.magic, PLANS.version, documents);
}

/** Throws StoreError CORRUPTION if encodeClusterPlans did not make these bytes. */
export function decodeClusterPlans(bytes: Uint8Array): ClusterPlans {
  return decodeDocument(bytes, PLANS, buildPlans, encodeClusterPlans);
}

function buildRecord(fields: Fields): MembershipRecord {
  return {
    id: nodeIdOf(fields.text("id")),
    generation: fields.number("generation"),
    plans: fields.has("plans") ? decodeClusterPlans(bytesOf(fields.text("plans"))) : undefined,
    addresses: fields.objects("addresses", (each) => ({
      id: nodeIdOf(each.text("id")),
      address: bounded(each.text("address")),
    })),
  };
}

function buildPlans(fields: Fields): ClusterPlans {
  const founding = decodeTopology(bytesOf(fields.text("founding")));
  const topology = decodeTopology(bytesOf(fields.text("topology")));
  if (founding.clusterId !== topology.clusterId) throw corrupt("plans of two clusters");
  return { founding, topology };
}

export function nodeIdOf(text: string): NodeId {
  if (!/^[0-9a-f]{16}$/.test(text)) throw corrupt("a node's id has 16 hexadecimal digits");
  return text;
}

function bounded(text: string): string {
  if (text.length > TEXT_LENGTH_MAX) throw corrupt("a name too long");
  return text;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

/**
 * What nodes tell each other about themselves before they share a topology: who they are, whom they have met so far, and
 * whether they are members of a cluster already.
 * DO NOT CHANGE: see docs/formats/membership.md to add a version.
 */
import { toText, utf8 } from "../base/bytes.ts";
import { compareText, type NodeId } from "../ring/ring-member.ts";
import { corrupt, decodeDocument, encodeDocument, type Fields } from "./checked-document.ts";
import { nodeIdOf } from "./membership-record.ts";
import type { Newcomer } from "./topology-change.ts";

export interface Greeting {
  readonly self: Newcomer;
  /** Where its peers reach it: "host:port". */
  readonly address: string;
  /** The nodes that live at the addresses it was told to join, itself included; sorted. Empty until all have answered. */
  readonly met: readonly NodeId[];
  /** Empty until it is a member. */
  readonly clusterId: string;
}

const GREETING = { magic: "KVGR", version: 1 };
const TEXT_LENGTH_MAX = 255;
const MET_MAX = 256;

export function encodeGreeting({ self, address, met, clusterId }: Greeting): Uint8Array {
  const { id, datacenter, rack, machine, weight } = self;
  const newcomer = { id, datacenter, rack, machine, weight };
  return encodeDocument(GREETING.magic, GREETING.version, { self: newcomer, address, met, clusterId });
}

/** Throws StoreError CORRUPTION if encodeGreeting did not make these bytes. */
export function decodeGreeting(bytes: Uint8Array): Greeting {
  return decodeDocument(bytes, GREETING, build, encodeGreeting);
}

/**
 * How a newcomer asks for the place of a member that will not come back.
 *
 *   id of that member, 16 bytes of text | the newcomer's greeting
 */
export interface ReplaceRequest {
  readonly replaced: NodeId;
  readonly greeting: Greeting;
}

export function encodeReplaceRequest({ replaced, greeting }: ReplaceRequest): Uint8Array {
  const rest = encodeGreeting(greeting);
  const bytes = new Uint8Array(ID_LENGTH + rest.length);
  bytes.set(utf8(replaced));
  bytes.set(rest, ID_LENGTH);
  return bytes;
}

/** Throws StoreError CORRUPTION. */
export function decodeReplaceRequest(bytes: Uint8Array): ReplaceRequest {
  const replaced = nodeIdOf(toText(bytes.subarray(0, ID_LENGTH)));
  return { replaced, greeting: decodeGreeting(bytes.subarray(ID_LENGTH)) };
}

const ID_LENGTH = 16;

/** As Greeting.met has them. */
export function sortedIds(ids: Iterable<NodeId>): readonly NodeId[] {
  return [...new Set(ids)].sort(compareText);
}

export function equalLists(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

function build(fields: Fields): Greeting {
  const self = fields.object("self");
  const met = fields.texts("met").map(nodeIdOf);
  if (met.length > MET_MAX) throw corrupt("too many nodes");
  return {
    self: {
      id: nodeIdOf(self.text("id")),
      datacenter: bounded(self.text("datacenter")),
      rack: bounded(self.text("rack")),
      machine: bounded(self.text("machine")),
      weight: self.number("weight"),
    },
    address: bounded(fields.text("address")),
    met,
    clusterId: bounded(fields.text("clusterId")),
  };
}

function bounded(text: string): string {
  if (text.length > TEXT_LENGTH_MAX) throw corrupt("a name too long");
  return text;
}

/**
 * Gossip messages as bytes. Entries and their texts are bounded, so messages are: some 30 KB at most.
 * DO NOT CHANGE: see docs/formats/gossip.md to add a version.
 */
import { corrupt, decodeMessage, encodeDocument, type Fields } from "./checked-document.ts";
import type { Digest, GossipMessage, NodeState } from "./gossip.ts";

const MAGIC = "KVGS";
const VERSION = 1;
const KIND = { magic: MAGIC, version: VERSION };
const KINDS = ["digests", "states"] as const;
/** Of an id, or an address. */
const TEXT_LENGTH_MAX = 255;
const ENTRIES_MAX = 256;
export const GOSSIP_BYTES_MAX = 512 * 1024;

export function encodeGossip(message: GossipMessage): Uint8Array {
  return encodeDocument(MAGIC, VERSION, bodyOf(message));
}

/** Throws StoreError CORRUPTION if encodeGossip did not make these bytes, or they name more than a message may. */
export function decodeGossip(bytes: Uint8Array): GossipMessage {
  if (bytes.length > GOSSIP_BYTES_MAX) throw corrupt("too long");
  return decodeMessage(bytes, KIND, buildMessage, bodyOf);
}

function bodyOf(message: GossipMessage): unknown {
  const { kind, clusterId, replyTo } = message;
  if (kind === "digests") {
    const digests = message.digests.map(({ id, generation, version }) => ({ id, generation, version }));
    return { kind, clusterId, replyTo, isWhole: message.isWhole ? 1 : 0, digests };
  }
  const states = message.states.map(
    ({ id, generation, version, address, doorAddress, epoch, loadBytes, requestsPerSecond }) => {
      return { id, generation, version, address, doorAddress, epoch, loadBytes, requestsPerSecond };
    },
  );
  return { kind, clusterId, replyTo, states, wanted: message.wanted };
}

function buildMessage(fields: Fields): GossipMessage {
  const kind = fields.word("kind", KINDS);
  const head = { clusterId: bounded(fields.text("clusterId")), replyTo: bounded(fields.text("replyTo")) };
  if (kind === "digests") {
    const digests = few(fields.objects("digests", buildDigest));
    return { kind, ...head, isWhole: fields.number("isWhole") === 1, digests };
  }
  const states = few(fields.objects("states", buildState));
  return { kind, ...head, states, wanted: few(fields.texts("wanted")).map(bounded) };
}

function buildDigest(fields: Fields): Digest {
  return {
    id: bounded(fields.text("id")),
    generation: count(fields.number("generation")),
    version: count(fields.number("version")),
  };
}

function buildState(fields: Fields): NodeState {
  return {
    id: bounded(fields.text("id")),
    generation: count(fields.number("generation")),
    version: count(fields.number("version")),
    address: bounded(fields.text("address")),
    doorAddress: short(fields.text("doorAddress")),
    epoch: count(fields.number("epoch")),
    loadBytes: count(fields.number("loadBytes")),
    requestsPerSecond: count(fields.number("requestsPerSecond")),
  };
}

function few<T>(entries: readonly T[]): readonly T[] {
  if (entries.length > ENTRIES_MAX) throw corrupt("too many entries");
  return entries;
}

function bounded(text: string): string {
  if (text.length === 0) throw corrupt("a name too short");
  return short(text);
}

function short(text: string): string {
  if (text.length > TEXT_LENGTH_MAX) throw corrupt("a name too long");
  return text;
}

function count(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw corrupt("a number that is no count");
  return value;
}

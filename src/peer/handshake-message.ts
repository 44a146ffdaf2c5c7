/**
 * The payloads of handshake frames: see docs/formats/peer-protocol.md. The frame's method says which it is.
 *
 *   1 hello      magic 8 | versionMin u16 | versionMax u16 | sender | wanted node 8 | nonce 32
 *   2 challenge  magic 8 | version u16 | sender | nonce 32
 *   3 proof      HMAC 32
 *   4 welcome    HMAC 32
 *   5 refusal    magic 8 | reason u8 | text
 *
 *   sender       node 8 | incarnation u64 | length u8 | cluster id
 *
 * What comes before the versions, and the refusal, never change: that is how two nodes of any age understand that they
 * do not understand each other.
 */
import { equalBytes, toText, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import {
  decodePeerId,
  encodePeerId,
  PEER_ID_BYTES,
  type PeerId,
  type PeerIdentity,
} from "./peer-identity.ts";

export const STEP = { hello: 1, challenge: 2, proof: 3, welcome: 4, refusal: 5 } as const;

export const MAGIC: Uint8Array = Uint8Array.of(...utf8("KVORUM"), 0x50, 0x0a); // "P\n"
export const NONCE_BYTES = 32;
export const PROOF_BYTES = 32;
export const CLUSTER_ID_BYTES_MAX = 255;
/** No handshake frame is longer. */
export const HANDSHAKE_BYTES_MAX = 1024;

const REFUSAL_TEXT_BYTES_MAX = 512;
const NOBODY = new Uint8Array(PEER_ID_BYTES);

/** Why one end will not talk to the other. Numbers on the wire; never reused. */
export const REFUSAL = {
  magic: 1,
  version: 2,
  cluster: 3,
  node: 4,
  secret: 5,
  itself: 6,
  closing: 7,
} as const;

export type RefusalReason = keyof typeof REFUSAL;

export interface Sender extends PeerIdentity {
  readonly clusterId: string;
}

export interface Hello {
  readonly versionMin: number;
  readonly versionMax: number;
  readonly sender: Sender;
  /** Undefined: whoever lives at that address. */
  readonly wanted: PeerId | undefined;
  readonly nonce: Uint8Array;
}

export interface Challenge {
  readonly version: number;
  readonly sender: Sender;
  readonly nonce: Uint8Array;
}

export interface Refusal {
  readonly reason: RefusalReason | "unknown";
  readonly text: string;
}

export function encodeHello({ versionMin, versionMax, sender, wanted, nonce }: Hello): Uint8Array {
  const target = wanted === undefined ? NOBODY : encodePeerId(wanted);
  return concat(MAGIC, uint16(versionMin), uint16(versionMax), encodeSender(sender), target, nonce);
}

/** Only what every version understands, so that it can be refused in a way that the sender understands. */
export function decodeVersions(hello: Uint8Array): Pick<Hello, "versionMin" | "versionMax"> | undefined {
  const view = viewOf(hello);
  if (hello.length < MAGIC.length + 4 || !hasMagic(hello)) return undefined;
  return { versionMin: view.getUint16(8, true), versionMax: view.getUint16(10, true) };
}

/** Throws StoreError CORRUPTION. */
export function decodeHello(bytes: Uint8Array): Hello {
  const reader = new Reader(bytes);
  reader.magic();
  const versionMin = reader.uint16();
  const versionMax = reader.uint16();
  const sender = reader.sender();
  const target = reader.bytes(PEER_ID_BYTES);
  const wanted = equalBytes(target, NOBODY) ? undefined : decodePeerId(target);
  const nonce = reader.bytes(NONCE_BYTES);
  reader.end();
  return { versionMin, versionMax, sender, wanted, nonce };
}

export function encodeChallenge({ version, sender, nonce }: Challenge): Uint8Array {
  return concat(MAGIC, uint16(version), encodeSender(sender), nonce);
}

/** Throws StoreError CORRUPTION. */
export function decodeChallenge(bytes: Uint8Array): Challenge {
  const reader = new Reader(bytes);
  reader.magic();
  const challenge = { version: reader.uint16(), sender: reader.sender(), nonce: reader.bytes(NONCE_BYTES) };
  reader.end();
  return challenge;
}

export function encodeRefusal(reason: RefusalReason, text: string): Uint8Array {
  return concat(MAGIC, Uint8Array.of(REFUSAL[reason]), utf8(text).subarray(0, REFUSAL_TEXT_BYTES_MAX));
}

/** Throws StoreError CORRUPTION. */
export function decodeRefusal(bytes: Uint8Array): Refusal {
  const reader = new Reader(bytes);
  reader.magic();
  const number = reader.bytes(1)[0];
  const known = Object.entries(REFUSAL).find(([, value]) => value === number);
  return {
    reason: (known?.[0] as RefusalReason | undefined) ?? "unknown",
    text: printable(toText(reader.rest())),
  };
}

function encodeSender({ id, incarnation, clusterId }: Sender): Uint8Array {
  const number = new Uint8Array(8);
  viewOf(number).setBigUint64(0, BigInt(incarnation), true);
  const name = utf8(clusterId);
  return concat(encodePeerId(id), number, Uint8Array.of(name.length), name);
}

function hasMagic(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, MAGIC.length), MAGIC);
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  magic(): void {
    if (!hasMagic(this.bytes(MAGIC.length))) throw malformed();
  }

  uint16(): number {
    return viewOf(this.bytes(2)).getUint16(0, true);
  }

  sender(): Sender {
    const id = decodePeerId(this.bytes(PEER_ID_BYTES));
    const incarnation = Number(viewOf(this.bytes(8)).getBigUint64(0, true));
    if (!Number.isSafeInteger(incarnation)) throw malformed();
    return { id, incarnation, clusterId: toText(this.bytes(this.bytes(1)[0]!)) };
  }

  bytes(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length) throw malformed();
    this.#at += count;
    return this.#bytes.slice(this.#at - count, this.#at);
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw malformed();
  }
}

/** Without line ends and the like, which have no place in a log. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}

function malformed(): StoreError {
  return new StoreError("CORRUPTION", "not-applied", "a handshake message is not as it should be");
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * How two nodes make sure of each other before anything else passes. Pure: fed with messages, it tells what to send.
 * Source: ISO/IEC 9798-4, mutual authentication by a keyed check value, three passes; a fourth tells the outcome.
 *
 *   initiator                               responder
 *      | -- hello: cluster, node, nonce --------> |    refuses: version, cluster, another node is wanted
 *      | <------- challenge: the same of it ----- |
 *      | -- proof: HMAC(key, "I", both) --------> |    refuses: secret
 *      | <------- welcome: HMAC(key, "R", both) - |    who cannot know the secret never sees an HMAC
 *
 * Both proofs cover both messages byte by byte. So neither can be played again (each end's nonce is new), nor be sent
 * back to who made it (the roles differ), nor be had for another cluster, node or version.
 *
 * It proves who is there when the connection begins. What follows is neither encrypted nor signed.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { assert } from "../base/assert.ts";
import { equalBytes, utf8 } from "../base/bytes.ts";
import type { Random } from "../runtime/runtime.ts";
import {
  decodeChallenge,
  decodeHello,
  decodeRefusal,
  decodeVersions,
  encodeChallenge,
  encodeHello,
  encodeRefusal,
  NONCE_BYTES,
  PROOF_BYTES,
  type RefusalReason,
  type Sender,
  STEP,
} from "./handshake-message.ts";
import type { PeerId, PeerIdentity } from "./peer-identity.ts";

/**
 * Of the protocol: what both ends of a connection speak is the highest that both know.
 *
 *   1   what there was first
 *   2   a message that nobody takes is answered with an error, of requestId 0
 */
export const VERSION_MIN = 1;
export const VERSION_MAX = 2;
/** From this version on, who sends what is not taken is told so. */
export const TELLING_VERSION = 2;

const LABEL = { initiator: utf8("kvorum peer initiator\0"), responder: utf8("kvorum peer responder\0") };

export interface HandshakeSettings {
  readonly self: PeerIdentity;
  /** Nodes of different clusters never talk. At most 255 bytes of UTF-8. */
  readonly clusterId: string;
  /** Empty: anybody who knows the cluster's id is let in. Only for loopback: see docs/adr/0007. */
  readonly secret: Uint8Array;
  /** The highest version that this end owns up to; undefined: VERSION_MAX. Lower, it is as a node of an earlier version. */
  readonly speaks?: number | undefined;
}

export interface Established {
  readonly peer: PeerIdentity;
  readonly version: number;
}

export type HandshakeResult =
  | { readonly kind: "send"; readonly step: number; readonly payload: Uint8Array }
  /** Done. `send`: what the other end has to hear of it. */
  | { readonly kind: "done"; readonly established: Established; readonly send?: Message }
  /** `send`: what the other end is told, if it is not it that refuses. */
  | {
      readonly kind: "refused";
      readonly reason: RefusalReason | "unknown";
      readonly text: string;
      readonly send?: Message;
    };

export interface Message {
  readonly step: number;
  readonly payload: Uint8Array;
}

type RandomBytes = Pick<Random, "bytes">;

/** The end that connects. `begin` once, then `onMessage` until it is done or refused. */
export class InitiatorHandshake {
  readonly #settings: HandshakeSettings;
  readonly #wanted: PeerId | undefined;
  readonly #nonce: Uint8Array;
  readonly #hello: Uint8Array;
  #challenge: { readonly payload: Uint8Array; readonly established: Established } | undefined;

  /** `wanted`: who should live at the other end; undefined: whoever does. */
  constructor(settings: HandshakeSettings, random: RandomBytes, wanted: PeerId | undefined) {
    this.#settings = settings;
    this.#wanted = wanted;
    this.#nonce = random.bytes(NONCE_BYTES);
    this.#hello = encodeHello({
      versionMin: VERSION_MIN,
      versionMax: versionMaxOf(settings),
      sender: senderOf(settings),
      wanted,
      nonce: this.#nonce,
    });
  }

  begin(): Message {
    return { step: STEP.hello, payload: this.#hello };
  }

  /** Throws StoreError CORRUPTION if the message is malformed. Keeps nothing of `payload`. */
  onMessage(step: number, payload: Uint8Array): HandshakeResult {
    if (step === STEP.refusal) return { kind: "refused", ...decodeRefusal(payload) };
    if (step === STEP.challenge && this.#challenge === undefined) return this.#onChallenge(payload.slice());
    if (step === STEP.welcome && this.#challenge !== undefined) return this.#onWelcome(payload);
    return refuse("magic", "it does not keep to the order of the handshake");
  }

  #onChallenge(payload: Uint8Array): HandshakeResult {
    const { version, sender, nonce } = decodeChallenge(payload);
    if (version < VERSION_MIN || version > versionMaxOf(this.#settings))
      return refuse("version", `it chose version ${version}`);
    const problem = misfit(this.#settings, sender);
    if (problem !== undefined) return problem;
    if (this.#wanted !== undefined && sender.id !== this.#wanted) return wrongNode(sender.id, this.#wanted);
    if (equalBytes(nonce, this.#nonce)) return refuse("secret", "it repeats what it was sent");
    const { id, incarnation } = sender;
    this.#challenge = { payload, established: { peer: { id, incarnation }, version } };
    const proof = prove("initiator", this.#settings.secret, this.#hello, payload);
    return { kind: "send", step: STEP.proof, payload: proof };
  }

  #onWelcome(proof: Uint8Array): HandshakeResult {
    const { payload, established } = this.#challenge!;
    const expected = prove("responder", this.#settings.secret, this.#hello, payload);
    if (!isEqualSecretly(proof, expected)) return wrongSecret();
    return { kind: "done", established };
  }
}

/** The end that was connected to. `onMessage` until it is done or refused. */
export class ResponderHandshake {
  readonly #settings: HandshakeSettings;
  readonly #random: RandomBytes;
  #exchange:
    | { readonly hello: Uint8Array; readonly challenge: Uint8Array; readonly established: Established }
    | undefined;

  constructor(settings: HandshakeSettings, random: RandomBytes) {
    this.#settings = settings;
    this.#random = random;
  }

  /** Throws StoreError CORRUPTION if the message is malformed. Keeps nothing of `payload`. */
  onMessage(step: number, payload: Uint8Array): HandshakeResult {
    if (step === STEP.hello && this.#exchange === undefined) return this.#onHello(payload.slice());
    if (step === STEP.proof && this.#exchange !== undefined) return this.#onProof(payload);
    if (step === STEP.refusal) return { kind: "refused", ...decodeRefusal(payload) };
    return refuse("magic", "it does not keep to the order of the handshake");
  }

  #onHello(payload: Uint8Array): HandshakeResult {
    const versions = decodeVersions(payload);
    if (versions === undefined) return refuse("magic", "it does not begin as a peer of Kvorum");
    const version = Math.min(versionMaxOf(this.#settings), versions.versionMax);
    if (version < Math.max(VERSION_MIN, versions.versionMin)) return wrongVersion(this.#settings, versions);
    const { sender, wanted } = decodeHello(payload);
    const problem = misfit(this.#settings, sender);
    if (problem !== undefined) return problem;
    const { self } = this.#settings;
    if (wanted !== undefined && wanted !== self.id) return wrongNode(self.id, wanted);
    const nonce = this.#random.bytes(NONCE_BYTES);
    const challenge = encodeChallenge({ version, sender: senderOf(this.#settings), nonce });
    const { id, incarnation } = sender;
    this.#exchange = { hello: payload, challenge, established: { peer: { id, incarnation }, version } };
    return { kind: "send", step: STEP.challenge, payload: challenge };
  }

  #onProof(proof: Uint8Array): HandshakeResult {
    const { hello, challenge, established } = this.#exchange!;
    const { secret } = this.#settings;
    if (!isEqualSecretly(proof, prove("initiator", secret, hello, challenge))) return wrongSecret();
    const welcome = prove("responder", secret, hello, challenge);
    return { kind: "done", established, send: { step: STEP.welcome, payload: welcome } };
  }
}

function senderOf({ self, clusterId }: HandshakeSettings): Sender {
  return { id: self.id, incarnation: self.incarnation, clusterId };
}

function misfit({ self, clusterId }: HandshakeSettings, sender: Sender): HandshakeResult | undefined {
  if (sender.clusterId !== clusterId) {
    return refuse("cluster", `the clusters differ: ${quoted(clusterId)} and ${quoted(sender.clusterId)}`);
  }
  if (sender.id === self.id) {
    const text = `both ends are node ${self.id}: the address is its own, or a copy of its directory is served there`;
    return refuse("itself", text);
  }
  return undefined;
}

function wrongNode(found: PeerId, wanted: PeerId): HandshakeResult {
  return refuse("node", `node ${found} lives at this address, not ${wanted}`);
}

function versionMaxOf({ speaks = VERSION_MAX }: HandshakeSettings): number {
  return speaks;
}

function wrongVersion(
  settings: HandshakeSettings,
  { versionMin, versionMax }: { versionMin: number; versionMax: number },
): HandshakeResult {
  const ours = `${VERSION_MIN} to ${versionMaxOf(settings)}`;
  return refuse("version", `one end speaks versions ${ours}, the other ${versionMin} to ${versionMax}`);
}

function wrongSecret(): HandshakeResult {
  return refuse("secret", "the two ends do not have the same cluster secret");
}

function refuse(reason: RefusalReason, text: string): HandshakeResult {
  return {
    kind: "refused",
    reason,
    text,
    send: { step: STEP.refusal, payload: encodeRefusal(reason, text) },
  };
}

function prove(
  role: keyof typeof LABEL,
  secret: Uint8Array,
  hello: Uint8Array,
  challenge: Uint8Array,
): Uint8Array {
  const lengths = Uint8Array.of(hello.length, hello.length >>> 8, challenge.length, challenge.length >>> 8);
  const proof = createHmac("sha256", secret)
    .update(LABEL[role])
    .update(lengths)
    .update(hello)
    .update(challenge);
  return new Uint8Array(proof.digest());
}

function isEqualSecretly(a: Uint8Array, b: Uint8Array): boolean {
  assert(b.length === PROOF_BYTES, "what is expected has its length");
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Names come from outside: no line ends or the like reach a log. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}

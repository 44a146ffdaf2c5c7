/** How peers are talked to. Both ends of a cluster should agree on `payloadBytesMax` and the times. */
import { DEFAULT_PAYLOAD_BYTES_MAX } from "./frame.ts";
import type { HandshakeSettings } from "./handshake.ts";

export interface PeerLimits {
  readonly connectTimeoutMs: number;
  /** For a whole handshake, on either side. */
  readonly handshakeTimeoutMs: number;
  /** Before the first attempt after a loss at most so long; twice as long after each failure, up to the maximum. */
  readonly backOffMs: number;
  readonly backOffMaxMs: number;
  /** A link that has heard nothing for so long asks whether the peer is there. */
  readonly idlePingMs: number;
  /** A peer that has neither sent nor taken anything for so long is disconnected. */
  readonly silentMs: number;
  readonly payloadBytesMax: number;
  /** Per link: requests without an answer. */
  readonly inFlightMax: number;
  /** Per connection: bytes waiting to be sent, one frame more at most. */
  readonly queueBytesMax: number;
  /** Per connection: requests whose handler has not finished. */
  readonly runningMax: number;
  /** Connections that have not proved who they are; past it the oldest makes way. */
  readonly unauthenticatedMax: number;
  /** Connections of one node; past it the oldest makes way. */
  readonly sessionsPerPeerMax: number;
}

export type PeerSettings = HandshakeSettings & PeerLimits;

const MEBIBYTE = 1024 * 1024;

export const DEFAULT_PEER_LIMITS: PeerLimits = {
  connectTimeoutMs: 2_000,
  handshakeTimeoutMs: 2_000,
  backOffMs: 50,
  backOffMaxMs: 5_000,
  idlePingMs: 1_000,
  silentMs: 5_000,
  payloadBytesMax: DEFAULT_PAYLOAD_BYTES_MAX,
  inFlightMax: 32_768,
  queueBytesMax: 32 * MEBIBYTE,
  runningMax: 8_192,
  unauthenticatedMax: 128,
  sessionsPerPeerMax: 4,
};

/** Who a node is to its peers. */
import { assert } from "../base/assert.ts";

/** A node's id: 16 hexadecimal digits, lower case. */
export type PeerId = string;

export const PEER_ID_BYTES = 8;

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

export interface PeerIdentity {
  readonly id: PeerId;
  /** Rises with each life of the node. A whole number in [0, 2^53). */
  readonly incarnation: number;
}

export function encodePeerId(id: PeerId): Uint8Array {
  assert(/^[0-9a-f]{16}$/.test(id), `a node's id has 16 hexadecimal digits: ${id}`);
  return Uint8Array.from({ length: PEER_ID_BYTES }, (_, i) =>
    Number.parseInt(id.slice(2 * i, 2 * i + 2), 16),
  );
}

export function decodePeerId(bytes: Uint8Array): PeerId {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

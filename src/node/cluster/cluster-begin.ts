/** How a node comes to be a member: as its settings say, or as a test does. */

import { utf8 } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { Topology } from "../../membership/topology.ts";
import type { Newcomer } from "../../membership/topology-change.ts";
import type { PeerAddress } from "../../peer/peer-identity.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Host } from "../../runtime/runtime.ts";
import type { NodeSettings } from "../settings.ts";
import { isLoopback } from "../settings-schema.ts";
import { parseAddress, parseAddresses } from "./address.ts";

/** A cluster whose members and addresses are known beforehand. Nothing of it is remembered. */
export interface FixedCluster {
  /** Of this node: 16 hexadecimal digits. */
  readonly id: NodeId;
  /** Of this life of the node, higher than that of any before; undefined: the wall clock's time, so that must not go back. */
  readonly generation?: number | undefined;
  readonly topology: Topology;
  /** Where peers listen, this node included. */
  readonly addresses: ReadonlyMap<NodeId, PeerAddress>;
  readonly secret: Uint8Array;
}

export interface ClusterSettings {
  readonly listen: PeerAddress;
  /** Where others reach it, if elsewhere. */
  readonly announce: PeerAddress | undefined;
  readonly join: readonly PeerAddress[];
  /** A member that will not come back, whose place this node is to take: its id, or the beginning of that. */
  readonly replaces: string | undefined;
  readonly labels: Omit<Newcomer, "id">;
  readonly secret: Uint8Array;
  /** Where membership is remembered. */
  readonly directory: string;
}

/** Undefined if the node is to be alone. Throws StoreError INVALID_SETTING. */
export function clusterSettingsOf(
  settings: NodeSettings,
  host: Pick<Host, "machineId">,
): ClusterSettings | undefined {
  const { peerHost, peerPort, join, replaces, datacenter, rack, machine, weight, secret, dataDirectory } =
    settings;
  if (peerPort === undefined) return undefined;
  if (secret === undefined && !isLoopback(peerHost)) {
    const text = `refusing to listen for peers on ${peerHost} without a secret: set one, or listen on 127.0.0.1`;
    throw new StoreError("INVALID_SETTING", "not-applied", text);
  }
  return {
    listen: { host: peerHost, port: peerPort },
    announce: parseAddress(settings.peerAnnounce),
    join: parseAddresses(join) ?? [],
    replaces: replaces === "" ? undefined : replaces,
    labels: { datacenter, rack, machine: machine ?? host.machineId, weight },
    secret: utf8(secret ?? ""),
    directory: `${dataDirectory}/cluster`,
  };
}

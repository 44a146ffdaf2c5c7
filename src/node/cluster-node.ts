/**
 * One node's part in a cluster: its links to the others and its door for them, what it knows of them, and the
 * coordinator that reads and writes with them. Floors above reach other nodes through it.
 */
import type { Logger } from "../base/logger.ts";
import { memberOf, type Topology } from "../membership/topology.ts";
import type { PeerAddress, PeerIdentity } from "../peer/peer-identity.ts";
import { PeerServer } from "../peer/peer-server.ts";
import { DEFAULT_PEER_LIMITS } from "../peer/peer-settings.ts";
import { Peers } from "../peer/peers.ts";
import { Coordinator } from "../replication/coordinator.ts";
import { HintDelivery } from "../replication/hints/hint-delivery.ts";
import { HintStore } from "../replication/hints/hint-store.ts";
import type { LocalReplica } from "../replication/local-replica.ts";
import type { Participant } from "../replication/quorum-need.ts";
import { type PeerCalls, ReplicaCalls } from "../replication/replica-calls.ts";
import { ReplicaDoor } from "../replication/replica-door.ts";
import { REPLICA_METHOD } from "../replication/replica-message.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Cancel, Runtime } from "../runtime/runtime.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { ClusterView } from "./cluster/cluster-view.ts";
import { Liveness } from "./cluster/liveness.ts";
import type { MemberStatus } from "./cluster/member-status.ts";
import { type MethodHandler, PeerDoor } from "./cluster/peer-door.ts";

/** What both ends of a connection must call the cluster. Whose member somebody is, the topology tells. */
const HANDSHAKE_NAME = "kvorum";
const TICK_MS = 10;
const COORDINATOR_SETTINGS = { timeoutMs: 3_000, lateMs: 20, roundsMax: 20_000 };
const DOOR_LIMITS = { runningMax: 8_192, runningBytesMax: 128 * 1024 * 1024 };

/** A cluster whose members and addresses are known beforehand, and do not change. */
export interface FixedCluster {
  /** Of this node: 16 hexadecimal digits. */
  readonly id: NodeId;
  readonly topology: Topology;
  /** Where peers listen, this node included. */
  readonly addresses: ReadonlyMap<NodeId, PeerAddress>;
  readonly secret: Uint8Array;
}

export interface ClusterParts {
  readonly runtime: Runtime;
  readonly engine: StorageEngine;
  readonly replica: LocalReplica;
  /** True if `durable` means that a write would survive a power failure. */
  readonly isSynced: boolean;
  /** Where to keep what others have missed; undefined: in memory. */
  readonly hintDirectory: string | undefined;
  readonly logger: Logger;
}

export class ClusterNode {
  readonly self: Participant;
  readonly view: ClusterView;
  readonly calls: PeerCalls;
  readonly coordinator: Coordinator;
  readonly peers: Peers;
  /** What this node keeps for others. */
  readonly hints: HintStore;
  readonly #addresses: ReadonlyMap<NodeId, PeerAddress>;
  readonly #identity: PeerIdentity;
  readonly #server: PeerServer;
  readonly #door: PeerDoor;
  readonly #cancelTick: Cancel;

  /** Resolves when others can reach it. Rejects with StoreError IO or INVALID_SETTING. */
  static async open(parts: ClusterParts, fixed: FixedCluster): Promise<ClusterNode> {
    const { runtime, hintDirectory, logger } = parts;
    const hints = await HintStore.open(runtime, hintDirectory, {}, logger);
    const node = new ClusterNode(parts, fixed, hints);
    try {
      await node.#server.listen(fixed.addresses.get(fixed.id)!);
    } catch (cause) {
      await node.close();
      throw cause;
    }
    for (const [id, address] of fixed.addresses) {
      if (id === fixed.id) continue;
      node.peers.setAddresses([[id, address]]);
      node.peers.link(id).open();
    }
    return node;
  }

  private constructor(
    { runtime, engine, replica, isSynced, logger }: ClusterParts,
    fixed: FixedCluster,
    hints: HintStore,
  ) {
    const { clock } = runtime;
    this.self = memberOf(fixed.topology, fixed.id)!;
    this.#addresses = fixed.addresses;
    this.#identity = { id: fixed.id, incarnation: clock.wallMs() };
    const settings = {
      ...DEFAULT_PEER_LIMITS,
      self: this.#identity,
      clusterId: HANDSHAKE_NAME,
      secret: fixed.secret,
    };
    this.peers = new Peers({ runtime, logger, settings });
    const liveness = new Liveness(this.peers);
    this.view = new ClusterView(this.self, fixed.topology, liveness);
    this.calls = callsThrough(this.peers);
    this.hints = hints;
    const { received } = replica;
    const calls = new ReplicaCalls({
      cluster: this.view,
      peers: this.calls,
      received,
      engine,
      clock,
      isSynced,
    });
    this.coordinator = new Coordinator({
      cluster: this.view,
      calls,
      hints,
      replica,
      clock,
      settings: COORDINATOR_SETTINGS,
    });
    this.#door = new PeerDoor((id) => memberOf(this.topology, id) !== undefined);
    const replicaDoor = new ReplicaDoor({
      received,
      engine,
      hints,
      clock,
      settings: { isSynced, ...DOOR_LIMITS },
    });
    this.#door.serve(Object.values(REPLICA_METHOD), (method, payload) =>
      replicaDoor.onRequest(method, payload),
    );
    this.#server = new PeerServer({ runtime, handler: this.#door, logger, settings });
    const delivery = new HintDelivery({ store: hints, cluster: this.view, peers: this.calls, clock });
    this.#cancelTick = clock.every(TICK_MS, () => {
      const nowMs = clock.monotonicMs();
      liveness.onTick(nowMs);
      this.coordinator.onTick(nowMs);
      delivery.onTick(nowMs);
    });
  }

  /** Committed, and the newest that this node knows. */
  get topology(): Topology {
    return this.view.topology;
  }

  members(): readonly MemberStatus[] {
    return this.topology.members.map(({ id, datacenter, rack, machine, weight, state }) => {
      const isSelf = id === this.self.id;
      const address = this.#addresses.get(id);
      return {
        id,
        host: address?.host,
        port: undefined,
        peerHost: address?.host,
        peerPort: address?.port,
        datacenter,
        rack,
        machine,
        weight,
        state,
        isUp: this.view.isUp(id),
        isSuspect: false,
        epoch: this.topology.epoch,
        generation: isSelf ? this.#identity.incarnation : 0,
        isSelf,
        hintsPending: this.hints.countFor(id),
      };
    });
  }

  /**
   * Answers those methods of other members' requests by `handler` from now on. Numbers below 64 are taken: see
   * REPLICA_METHOD; membership has 32 to 47, the topology's register 48 to 63.
   */
  serve(methods: Iterable<number>, handler: MethodHandler): void {
    this.#door.serve(methods, handler);
  }

  async close(): Promise<void> {
    this.#cancelTick();
    await this.#server.close();
    this.peers.close();
    await this.hints.close();
  }
}

function callsThrough(peers: Peers): PeerCalls {
  return { call: (to, method, payload, options) => peers.link(to).call(method, payload, options) };
}

/** Several servers in a simulated world that keep copies for each other, as one cluster with a fixed plan. */

import { StoreError } from "../../src/base/errors.ts";
import { silentLogger } from "../../src/base/logger.ts";
import type { Keyspace, Topology } from "../../src/membership/topology.ts";
import { clusterRules } from "../../src/node/cell-rules.ts";
import { MemoryStore } from "../../src/node/memory-store.ts";
import { StorageNode } from "../../src/node/node.ts";
import { DEFAULT_SETTINGS } from "../../src/node/settings.ts";
import { Coordinator } from "../../src/replication/coordinator.ts";
import type { Participant } from "../../src/replication/quorum-need.ts";
import { type Cluster, type PeerCalls, ReplicaCalls } from "../../src/replication/replica-calls.ts";
import { ReplicaDoor } from "../../src/replication/replica-door.ts";
import { PlacementPlan } from "../../src/ring/placement-plan.ts";
import type { NodeId, RingMember } from "../../src/ring/ring-member.ts";
import { allocateTokens } from "../../src/ring/token-allocation.ts";
import type { PeerHandler, ServedCluster } from "../../src/server/cluster/served-cluster.ts";
import { createCommandTable } from "../../src/server/commands.ts";
import { Server } from "../../src/server/server.ts";
import { SimWorld } from "../../src/sim/sim-runtime.ts";
import { SimClient } from "./sim-server.ts";

const PORT = 6379;
const COPIES = 3;

interface Node {
  readonly node: StorageNode;
  readonly server: Server;
  readonly door: ReplicaDoor;
  readonly handlers: Map<number, PeerHandler>;
  readonly hints: { target: NodeId }[];
}

export class SimCluster {
  readonly world: SimWorld;
  readonly plan: PlacementPlan;
  readonly keyspaces: Keyspace[];
  /** Whom the others know to be down: nothing reaches them. */
  readonly down = new Set<NodeId>();
  /** Whom nothing reaches, though the others do not know it. */
  readonly silent = new Set<NodeId>();
  /** Requests between nodes, by method. */
  readonly called = new Map<number, number>();
  readonly #members: readonly RingMember[];
  readonly #nodes = new Map<NodeId, Node>();

  constructor(seed: string, nodeCount: number) {
    this.world = new SimWorld(seed);
    const ids = Array.from({ length: nodeCount }, (_, i) => `n${i + 1}`);
    const newcomers = ids.map((id) => ({
      id,
      machine: `m-${id}`,
      rack: `r-${id}`,
      datacenter: "d",
      weight: 1,
      tokens: [],
    }));
    this.#members = allocateTokens(newcomers, new Map([["d", COPIES]]));
    this.plan = new PlacementPlan(this.#members, new Map([["d", COPIES]]));
    this.keyspaces = [keyspaceNamed("default")];
    for (const { id } of this.#members) this.#nodes.set(id, this.#start(id));
  }

  get ids(): readonly NodeId[] {
    return this.#members.map(({ id }) => id);
  }

  async listen(): Promise<this> {
    for (const { server } of this.#nodes.values()) await this.settle(server.listen());
    return this;
  }

  server(id: NodeId): Server {
    return this.#nodes.get(id)!.server;
  }

  node(id: NodeId): StorageNode {
    return this.#nodes.get(id)!.node;
  }

  async client(id: NodeId): Promise<SimClient> {
    const { network } = this.world.runtime("clients");
    const connection = await this.settle(network.connect({ host: id, port: PORT, timeoutMs: 1_000 }));
    return new SimClient(connection);
  }

  /** Lets the world go on until the answer is there. */
  settle<T>(answer: Promise<T>): Promise<T> {
    return this.world.runUntil(answer);
  }

  #start(id: NodeId): Node {
    const runtime = this.world.runtime(id);
    const settings = {
      ...DEFAULT_SETTINGS,
      host: "0.0.0.0",
      password: undefined,
      storage: "memory",
      port: PORT,
    } as const;
    const store = new MemoryStore(runtime, settings, clusterRules);
    const { clock } = runtime;
    const { engine } = store;
    const node = new StorageNode(runtime, store, silentLogger, { rules: clusterRules });
    const { received } = node.replica;
    const hints: { target: NodeId }[] = [];
    const keeper = {
      isSynced: false,
      find: () => undefined,
      waitsFor: () => false,
      add: async (target: NodeId): Promise<void> => void hints.push({ target }),
    };
    const doorSettings = { isSynced: false, runningMax: 9_999, runningBytesMax: 1e9 };
    const door = new ReplicaDoor({ received, engine, hints: keeper, clock, settings: doorSettings });
    const view = this.#viewOf(id);
    const peers = this.#peersOf(id);
    const calls = new ReplicaCalls({ cluster: view, peers, received, engine, clock, isSynced: false });
    const coordinatorSettings = { timeoutMs: 500, lateMs: 30, roundsMax: 10_000 };
    const coordinator = new Coordinator({
      cluster: view,
      calls,
      hints: keeper,
      replica: node.replica,
      clock,
      settings: coordinatorSettings,
    });
    clock.every(10, () => coordinator.onTick(clock.monotonicMs()));
    const handlers = new Map<number, PeerHandler>();
    const cluster = this.#servedBy(id, { view, peers, coordinator, handlers, hints });
    const commands = createCommandTable();
    const server = new Server({ runtime, node, settings, logger: silentLogger, commands, cluster });
    return { node, server, door, handlers, hints };
  }

  #viewOf(id: NodeId): Cluster {
    const byId = new Map<NodeId, Participant>(this.#members.map((member) => [member.id, member]));
    return {
      self: byId.get(id)!,
      epoch: 1,
      replicasOf: (slot) => this.plan.replicasOf(slot).map((other) => byId.get(other)!),
      fallbacksOf: (slot) => this.plan.fallbacksOf(slot).map((other) => byId.get(other)!),
      isUp: (other) => !this.down.has(other),
      distanceTo: () => 1,
      p99Ms: () => 40,
    };
  }

  #servedBy(
    id: NodeId,
    parts: {
      view: Cluster;
      peers: PeerCalls;
      coordinator: Coordinator;
      handlers: Map<number, PeerHandler>;
      hints: readonly { target: NodeId }[];
    },
  ): ServedCluster {
    const { view, peers, coordinator, handlers, hints } = parts;
    const { keyspaces } = this;
    const members = this.#members;
    return {
      self: view.self,
      view,
      calls: peers,
      coordinator,
      get topology(): Topology {
        const all = members.map((member) => ({ ...member, state: "member" as const }));
        return {
          epoch: 1,
          clusterId: "sim",
          members: all,
          keyspaces,
          voters: members.map((member) => member.id),
        };
      },
      members: () =>
        members.map((member) => ({
          ...member,
          host: member.id,
          port: PORT,
          peerPort: PORT + 10_000,
          state: "member",
          isUp: view.isUp(member.id),
          isSelf: member.id === id,
          hintsPending: hints.filter(({ target }) => target === member.id).length,
        })),
      serve: (methods, handler) => {
        for (const method of methods) handlers.set(method, handler);
      },
    };
  }

  #peersOf(from: NodeId): PeerCalls {
    const random = this.world.random(`calls of ${from}`);
    const { scheduler } = this.world;
    return {
      call: (to, method, payload, { timeoutMs }) =>
        new Promise((resolve, reject) => {
          this.called.set(method, (this.called.get(method) ?? 0) + 1);
          if (this.down.has(to)) {
            reject(new StoreError("IO", "not-applied", `${to} is not reached`));
            return;
          }
          const own = payload.slice();
          scheduler.after(timeoutMs, () => reject(new StoreError("IO", "unknown", "no answer in time")));
          const isReached = (): boolean => ![from, to].some((id) => this.down.has(id) || this.silent.has(id));
          scheduler.after(1 + random.below(3), () => {
            if (!isReached()) return;
            const range = { bytes: own, start: 0, end: own.length };
            const { door, handlers } = this.#nodes.get(to)!;
            Promise.resolve()
              .then(() =>
                door.answers(method)
                  ? door.onRequest(method, range)
                  : handlers.get(method)!(method, range, from),
              )
              .then(
                (answer) => scheduler.after(1 + random.below(3), () => isReached() && resolve(answer)),
                (cause: unknown) => scheduler.after(1, () => isReached() && reject(cause)),
              );
          });
        }),
    };
  }
}

export function keyspaceNamed(name: string, changes: Partial<Keyspace> = {}): Keyspace {
  return {
    name,
    copies: [{ datacenter: "d", count: COPIES }],
    read: "quorum",
    write: "quorum",
    storage: "disk",
    ttlMs: 0,
    conflictRule: "siblings",
    mode: "ap",
    ...changes,
  };
}

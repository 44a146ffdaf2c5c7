/** Nodes with engines of their own, and calls between them that are slow, lost, or barred. For tests only. */
import { equalBytes } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { mergeCells } from "../causality/encoded-cell.ts";
import { clusterRules } from "../node/cell-rules.ts";
import { DatabaseMap } from "../node/database-map.ts";
import type { NodeId } from "../ring/ring-member.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { MemoryEngine } from "../storage/memory/memory-engine.ts";
import { Coordinator } from "./coordinator.ts";
import { LocalReplica } from "./local-replica.ts";
import type { Participant } from "./quorum-need.ts";
import { Relay } from "./relay.ts";
import { type PeerCalls, ReplicaCalls } from "./replica-calls.ts";
import { ReplicaDoor } from "./replica-door.ts";
import { NewLife, Stamper } from "./stamper.ts";
import type { KeyRef } from "./step.ts";

export interface KeptHint {
  readonly target: NodeId;
  readonly ref: KeyRef;
  readonly cell: Uint8Array;
}

export interface TownNode {
  readonly coordinator: Coordinator;
  readonly replica: LocalReplica;
  readonly door: ReplicaDoor;
  hints: KeptHint[];
}

export interface TownPlan {
  readonly names: readonly string[];
  readonly copies: number;
  /** One way, between datacenters: then members stand in the one that their name begins with. */
  readonly farMs?: number;
}

/** The first `copies` of the members are the replicas of every slot, the rest its fallbacks. */
export class Town {
  readonly world: SimWorld;
  readonly members: readonly Participant[];
  /** Out of 100 requests, and again out of 100 answers. */
  lossPercent = 0;
  /** Calls so far. */
  asked = 0;
  readonly down = new Set<NodeId>();
  /** Passed over by others, though they answer. */
  readonly late = new Set<NodeId>();
  readonly barred = new Set<string>();
  /** The replicas of every slot by a newer plan; undefined: the first of the members. */
  keepers: readonly Participant[] | undefined;
  readonly #nodes = new Map<NodeId, TownNode>();
  readonly #copies: number;
  #lives = 0;

  /** Requests from one datacenter to another: whose, and of how many bytes. */
  readonly crossed: { readonly from: NodeId; readonly to: NodeId; readonly sizeBytes: number }[] = [];
  readonly #farMs: number | undefined;

  constructor(seed: number, { names, copies, farMs }: TownPlan) {
    this.world = new SimWorld(`town ${seed}`);
    this.#copies = copies;
    this.#farMs = farMs;
    this.members = names.map((id) => ({
      id,
      machine: id,
      rack: id,
      datacenter: farMs === undefined ? "d" : id[0]!,
    }));
    for (const { id } of this.members) this.wipe(id);
  }

  node(id: NodeId): TownNode {
    return this.#nodes.get(id)!;
  }

  /** The node starts anew, with nothing. */
  wipe(id: NodeId): void {
    const { clock } = this.world.runtime(id);
    const random = this.world.random(`${id} ${this.#lives++}`);
    const limits = { memoryBytesMax: 0, evictionPolicy: "noeviction", evictionSamples: 5 } as const;
    const engine = new MemoryEngine({ rules: clusterRules, random, clock, ...limits });
    const stamper = new Stamper(new NewLife(random));
    const replica = new LocalReplica(engine, stamper, new DatabaseMap(), { siblingsMax: 9, hashSeed: 1 });
    const { received } = replica;
    const keeps = (ref: KeyRef) => (hint: KeptHint) =>
      hint.ref.database === ref.database && equalBytes(hint.ref.key, ref.key);
    const hints = {
      isSynced: false,
      waitsFor: (target: NodeId) => node.hints.some((hint) => hint.target === target),
      find: (ref: KeyRef) =>
        node.hints
          .filter(keeps(ref))
          .map(({ cell }) => cell)
          .reduce<Uint8Array | undefined>(
            (all, cell) => (all === undefined ? cell : mergeCells(all, cell)),
            undefined,
          ),
      add: async (target: NodeId, ref: KeyRef, cell: Uint8Array): Promise<void> => {
        node.hints.push({ target, ref: { ...ref, key: ref.key.slice() }, cell: cell.slice() });
      },
    };
    const cluster = {
      self: this.members.find((member) => member.id === id)!,
      epoch: 1,
      replicasOf: () => this.keepers ?? this.members.slice(0, this.#copies),
      fallbacksOf: () => this.members.slice(this.#copies),
      isUp: (other: NodeId) => !this.down.has(other) && !this.late.has(other),
      mayAnswer: (other: NodeId) => !this.down.has(other),
      distanceTo: (other: NodeId) => (this.#isFar(id, other) ? 9 : 1),
      p99Ms: (other: NodeId) => (this.#isFar(id, other) ? 2 * this.#farMs! + 140 : 40),
    };
    const calls = new ReplicaCalls({
      cluster,
      peers: this.#peersOf(id),
      received,
      engine,
      clock,
      isSynced: false,
    });
    const door = new ReplicaDoor({
      received,
      engine,
      hints,
      clock,
      relay: new Relay({ calls, hints }),
      settings: { isSynced: false, runningMax: 999, runningBytesMax: 1e9 },
    });
    const settings = { timeoutMs: this.#farMs === undefined ? 500 : 2_000, lateMs: 30, roundsMax: 1_000 };
    const coordinator = new Coordinator({ cluster, calls, hints, replica, clock, settings });
    const node: TownNode = { coordinator, replica, door, hints: [] };
    this.#nodes.set(id, node);
    clock.every(10, () => coordinator.onTick(clock.monotonicMs()));
  }

  /** Delivers every hint whose way is free. */
  async deliverHints(): Promise<void> {
    for (const { id } of this.members) {
      const node = this.node(id);
      for (const hint of node.hints) {
        const { received } = this.node(hint.target).replica;
        await received.merge(hint.ref, hint.cell, this.world.runtime(hint.target).clock.wallMs());
      }
      node.hints = [];
    }
  }

  #isFar(from: NodeId, to: NodeId): boolean {
    return this.#farMs !== undefined && from[0] !== to[0];
  }

  #peersOf(from: NodeId): PeerCalls {
    const random = this.world.random(`calls of ${from} ${this.#lives}`);
    const isLost = (to: NodeId): boolean =>
      this.barred.has(`${from}-${to}`) ||
      this.barred.has(`${to}-${from}`) ||
      random.below(100) < this.lossPercent;
    return {
      call: (to, method, payload, { timeoutMs }) =>
        new Promise((resolve, reject) => {
          const { scheduler } = this.world;
          this.asked++;
          const own = payload.slice();
          const wayMs = this.#isFar(from, to) ? this.#farMs! : 0;
          if (wayMs > 0) this.crossed.push({ from, to, sizeBytes: payload.length });
          const late = (): void => reject(new StoreError("IO", "unknown", "no answer in time"));
          scheduler.after(timeoutMs, late);
          if (isLost(to)) return;
          scheduler.after(wayMs + 1 + random.below(50), () => {
            const range = { bytes: own, start: 0, end: own.length };
            Promise.resolve()
              .then(() => this.node(to).door.onRequest(method, range))
              .then((answer) => {
                if (!isLost(to)) scheduler.after(wayMs + 1 + random.below(20), () => resolve(answer));
              }, reject);
          });
        }),
    };
  }
}

/**
 * The cluster as this node sees it: who keeps which slot, by the newest topology it knows; who is up, by its own lights.
 *
 * Invariant: what it answers comes from one topology at a time. Lists are made once per topology, and shared by slots that
 * have the same: asking for them allocates nothing after the first time. Hot.
 */
import { assert } from "../../base/assert.ts";
import { copiesOf, DEFAULT_KEYSPACE, ringMembersNow, type Topology } from "../../membership/topology.ts";
import type { Participant } from "../../replication/quorum-need.ts";
import type { Cluster } from "../../replication/replica-calls.ts";
import { PlacementPlan } from "../../ring/placement-plan.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";

/** What this node has found out about the others by itself. */
export interface Verdicts {
  isUp(id: NodeId): boolean;
  /** True while it lets requests wait: whoever else can answer is asked first. */
  isLate(id: NodeId): boolean;
  /** 0 if nothing is known. */
  averageMs(id: NodeId): number;
  /** The time that 99 of 100 of its answers stay below; 0 if nothing is known. */
  p99Ms(id: NodeId): number;
}

/** More than any answer takes: so that where a node stands counts first. */
const STEP_MS = 1e6;
const FAR = 4;

export class ClusterView implements Cluster {
  readonly self: Participant;
  readonly #verdicts: Verdicts;
  #topology: Topology;
  #lists: SlotLists;
  /** How far other members are. */
  #steps: ReadonlyMap<NodeId, number>;

  constructor(self: Participant, topology: Topology, verdicts: Verdicts) {
    this.self = self;
    this.#topology = topology;
    this.#verdicts = verdicts;
    this.#lists = new SlotLists(topology);
    this.#steps = stepsFrom(self, topology);
  }

  get topology(): Topology {
    return this.#topology;
  }

  get epoch(): number {
    return this.#topology.epoch;
  }

  get isMoving(): boolean {
    return this.#topology.move !== undefined;
  }

  /** Requires: it is newer than the present one. */
  adopt(topology: Topology): void {
    assert(topology.epoch > this.#topology.epoch, "a topology gives way to a newer one only");
    this.#topology = topology;
    this.#lists = new SlotLists(topology);
    this.#steps = stepsFrom(this.self, topology);
  }

  replicasOf(slot: number): readonly Participant[] {
    return this.#lists.of(slot).replicas;
  }

  fallbacksOf(slot: number): readonly Participant[] {
    return this.#lists.of(slot).fallbacks;
  }

  isUp(id: NodeId): boolean {
    return id === this.self.id || this.#verdicts.isUp(id);
  }

  /** The same machine, the same rack, the same datacenter, another one; then who answers faster. The late come last. */
  distanceTo(id: NodeId): number {
    if (id === this.self.id) return 0;
    const steps = (this.#steps.get(id) ?? FAR) + (this.#verdicts.isLate(id) ? FAR : 0);
    return steps * STEP_MS + this.#verdicts.averageMs(id);
  }

  p99Ms(id: NodeId): number {
    return this.#verdicts.p99Ms(id);
  }
}

function stepsFrom(self: Participant, { members }: Topology): ReadonlyMap<NodeId, number> {
  return new Map(
    members.map(({ id, datacenter, rack, machine }) => {
      if (datacenter !== self.datacenter) return [id, FAR];
      if (rack !== self.rack) return [id, 3];
      return [id, machine === self.machine ? 1 : 2];
    }),
  );
}

interface Lists {
  readonly replicas: readonly Participant[];
  readonly fallbacks: readonly Participant[];
}

/** Of one topology. */
class SlotLists {
  readonly #plan: PlacementPlan;
  readonly #bySlot: (Lists | undefined)[] = new Array<Lists | undefined>(SLOT_COUNT).fill(undefined);
  readonly #byContent = new Map<string, Lists>();

  constructor(topology: Topology) {
    const keyspace = topology.keyspaces.find(({ name }) => name === DEFAULT_KEYSPACE)!;
    this.#plan = new PlacementPlan(ringMembersNow(topology), copiesOf(keyspace));
  }

  of(slot: number): Lists {
    return this.#bySlot[slot] ?? this.#make(slot);
  }

  #make(slot: number): Lists {
    const { members, copies, fallbackCount } = this.#plan;
    const replicas = Array.from({ length: copies }, (_, rank) => this.#plan.replicaAt(slot, rank));
    const fallbacks = Array.from({ length: fallbackCount }, (_, rank) => this.#plan.fallbackAt(slot, rank));
    const content = `${replicas}/${fallbacks}`;
    let lists = this.#byContent.get(content);
    if (lists === undefined) {
      const named = (numbers: readonly number[]) => numbers.map((number) => members[number]!);
      lists = { replicas: named(replicas), fallbacks: named(fallbacks) };
      this.#byContent.set(content, lists);
    }
    this.#bySlot[slot] = lists;
    return lists;
  }
}

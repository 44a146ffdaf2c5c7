/**
 * The cluster as this node sees it: who keeps which slot, by the newest topology it knows; who is up, by its own lights.
 *
 * While a slot moves there are two lists of replicas (ADR 0012): reads ask one of them, writes need both. A request by an older
 * plan is answered as long as it cannot miss what was written by this one, nor be missed by who reads by it: that is
 * known slot by slot, as the oldest epoch that still fits.
 *
 * Invariant: what it answers comes from one topology at a time. Lists are made once per topology, and shared by slots that
 * have the same: asking for them allocates nothing. Hot. A change of the plan stands everybody's requests still at one moment, so it
 * goes by ranges of slots, of which there are some hundreds, and not by slots.
 */
import { assert } from "../../base/assert.ts";
import { StoreError } from "../../base/errors.ts";
import {
  copiesNext,
  copiesNow,
  ringMembersNext,
  ringMembersNow,
  type Topology,
} from "../../membership/topology.ts";
import type { Participant } from "../../replication/quorum-need.ts";
import type { Cluster } from "../../replication/replica-calls.ts";
import { mergedStarts, PlacementPlan } from "../../ring/placement-plan.ts";
import { compareText, type NodeId, type RingMember } from "../../ring/ring-member.ts";
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
  /** The least that an answer of its takes; 0 if nothing is known. */
  leastMs(id: NodeId): number;
}

/** More than any answer takes: so that where a node stands counts first. */
const STEP_MS = 1e6;
const FAR = 4;

export class ClusterView implements Cluster {
  readonly self: Participant;
  readonly #verdicts: Verdicts;
  #topology: Topology;
  #sides: Sides;
  /** By slot: the oldest epoch whose reads, and whose writes, fit the present one. */
  readonly #oldestRead: Float64Array;
  readonly #oldestWrite: Float64Array;
  /** How far other members are. */
  #steps: ReadonlyMap<NodeId, number>;

  constructor(self: Participant, topology: Topology, verdicts: Verdicts) {
    this.self = self;
    this.#topology = topology;
    this.#verdicts = verdicts;
    this.#sides = sidesOf(topology);
    this.#oldestRead = new Float64Array(SLOT_COUNT).fill(topology.epoch);
    this.#oldestWrite = new Float64Array(SLOT_COUNT).fill(topology.epoch);
    this.#steps = stepsFrom(self, topology);
  }

  get topology(): Topology {
    return this.#topology;
  }

  get epoch(): number {
    return this.#topology.epoch;
  }

  /** Slots from which on owners may be others than those of the slot before: rising, the first is 0. */
  get starts(): readonly number[] {
    return this.#sides.starts;
  }

  /** Requires: it is newer than the present one. */
  adopt(topology: Topology): void {
    assert(topology.epoch > this.#topology.epoch, "a topology gives way to a newer one only");
    const before = this.#sides;
    this.#topology = topology;
    this.#sides = sidesOf(topology);
    this.#steps = stepsFrom(this.self, topology);
    this.#noteMoved(before);
  }

  /** Whom reads ask, and who coordinates writes. */
  replicasOf(slot: number): readonly Participant[] {
    return this.#sides.reading.of(slot).replicas;
  }

  /** Where writes must be as well while the slot moves. */
  otherReplicasOf(slot: number): readonly Participant[] | undefined {
    const { reading, other } = this.#sides;
    if (other === undefined) return undefined;
    const lists = other.of(slot);
    return lists.owners === reading.of(slot).owners ? undefined : lists.replicas;
  }

  fallbacksOf(slot: number): readonly Participant[] {
    return this.#sides.reading.of(slot).fallbacks;
  }

  /** Throws StoreError STALE_PLAN, not applied, if a request of that epoch must not be answered any more. */
  requireCurrent(epoch: number, slot: number, isWrite: boolean): void {
    const oldest = isWrite ? this.#oldestWrite : this.#oldestRead;
    if (epoch >= oldest[slot]!) return;
    const text = `slot ${slot} has moved since epoch ${epoch}: it is ${this.epoch} now`;
    throw new StoreError("STALE_PLAN", "not-applied", text);
  }

  /** True if the node keeps the slot, or shall. */
  owns(id: NodeId, slot: number): boolean {
    for (const replica of this.replicasOf(slot)) if (replica.id === id) return true;
    return this.otherReplicasOf(slot)?.some((replica) => replica.id === id) ?? false;
  }

  /** Reads must ask who has them by now. Writes that were brought to all sides there are now do no harm. */
  #noteMoved(before: Sides): void {
    const now = this.#sides;
    const starts = mergedStarts([now.starts, before.starts]);
    starts.forEach((slot, i) => {
      const end = starts[i + 1] ?? SLOT_COUNT;
      const reading = now.reading.of(slot).owners;
      const other = now.other?.of(slot).owners ?? reading;
      const read = before.reading.of(slot).owners;
      const written = before.other?.of(slot).owners ?? read;
      if (reading !== read) this.#oldestRead.fill(this.epoch, slot, end);
      const isCovered = (owners: string): boolean => owners === read || owners === written;
      if (!isCovered(reading) || !isCovered(other)) this.#oldestWrite.fill(this.epoch, slot, end);
    });
  }

  isUp(id: NodeId): boolean {
    return id === this.self.id || this.#verdicts.isUp(id);
  }

  mayAnswer(id: NodeId): boolean {
    return this.isUp(id) || this.#verdicts.isLate(id);
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

  /** What the way to it and back takes, if nothing else holds an answer up. */
  wayMs(id: NodeId): number {
    return this.#verdicts.leastMs(id);
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

/** Present owners and those to come; reads have moved to the latter once the move is settling. */
interface Sides {
  readonly reading: SlotLists;
  readonly other: SlotLists | undefined;
  readonly starts: readonly number[];
}

function sidesOf(topology: Topology): Sides {
  const now = new SlotLists(ringMembersNow(topology), copiesNow(topology));
  if (topology.move === undefined) return { reading: now, other: undefined, starts: now.starts };
  const next = new SlotLists(ringMembersNext(topology), copiesNext(topology));
  const starts = mergedStarts([now.starts, next.starts]);
  const hasMoved = topology.move.stage === "settling";
  return hasMoved ? { reading: next, other: now, starts } : { reading: now, other: next, starts };
}

interface Lists {
  /** Who they are, whatever the order. */
  readonly owners: string;
  readonly replicas: readonly Participant[];
  readonly fallbacks: readonly Participant[];
}

/** Of one ring. */
class SlotLists {
  readonly starts: readonly number[];
  readonly #bySlot: Lists[] = new Array<Lists>(SLOT_COUNT);

  constructor(members: readonly RingMember[], copies: ReadonlyMap<string, number>) {
    const plan = new PlacementPlan(members, copies);
    const byContent = new Map<string, Lists>();
    this.starts = plan.starts;
    plan.starts.forEach((slot, i) => {
      this.#bySlot.fill(listsAt(plan, slot, byContent), slot, plan.starts[i + 1] ?? SLOT_COUNT);
    });
  }

  of(slot: number): Lists {
    return this.#bySlot[slot]!;
  }
}

function listsAt(plan: PlacementPlan, slot: number, byContent: Map<string, Lists>): Lists {
  const { members, copies, fallbackCount } = plan;
  const replicas = Array.from({ length: copies }, (_, rank) => plan.replicaAt(slot, rank));
  const fallbacks = Array.from({ length: fallbackCount }, (_, rank) => plan.fallbackAt(slot, rank));
  const content = `${replicas}/${fallbacks}`;
  const known = byContent.get(content);
  if (known !== undefined) return known;
  const named = (numbers: readonly number[]) => numbers.map((number) => members[number]!);
  const owners = named(replicas)
    .map(({ id }) => id)
    .sort(compareText)
    .join();
  const lists = { owners, replicas: named(replicas), fallbacks: named(fallbacks) };
  byContent.set(content, lists);
  return lists;
}

/**
 * Where the copies of every slot are, for one topology and one set of copies: computed once, then only read.
 *
 *   replicas    the preference list: who should hold a copy, best first. Datacenters follow each other in the order of
 *               their names; within one the copies of different racks come first
 *   fallbacks   who takes a write for a replica that is down, in this order: the rest of the walk, datacenter by
 *               datacenter. Some stand on machines of replicas; a quorum counts machines, not nodes
 *
 * Slots of one range (site-ring.ts) share one list, so a list is stored once: a slot is two reads from its replicas.
 * Source: DeCandia et al. 2007, "Dynamo", section 4.3; racks as in Cassandra's NetworkTopologyStrategy.
 */
import {
  type CopiesByDatacenter,
  compareText,
  membersByDatacenter,
  type NodeId,
  type RingMember,
} from "./ring-member.ts";
import { createSite, type Site } from "./site.ts";
import { SiteRing } from "./site-ring.ts";
import { SLOT_COUNT } from "./slot.ts";

/** Fallbacks of a datacenter that are planned for: who has lost more nodes than these can keep no hints. */
const FALLBACKS_MAX = 16;

interface SitePlan {
  readonly datacenter: string;
  readonly copies: number;
  readonly fallbackCount: number;
  /** By slot: where its list begins in `nodes`. */
  readonly listAt: Uint32Array;
  /** Slots at which another list begins. */
  readonly starts: readonly number[];
  /** Lists of `copies` replicas, then `fallbackCount` fallbacks, as numbers of nodes. */
  readonly nodes: Uint16Array;
}

export class PlacementPlan {
  /** Members with tokens, in the order of their ids. A node's number is its index. */
  readonly members: readonly RingMember[];
  /** Copies of a slot in all datacenters: what was asked, as far as there are machines. */
  readonly copies: number;
  readonly fallbackCount: number;
  /** Slots from which on replicas and fallbacks may be others than those of the slot before: rising, the first is 0. */
  readonly starts: readonly number[];
  readonly #sites: readonly SitePlan[];
  readonly #numbers: ReadonlyMap<NodeId, number>;

  /** Members without tokens have no copies and are left out. `sites` are for `narrowedTo` alone. */
  constructor(members: readonly RingMember[], copies: CopiesByDatacenter, sites?: readonly SitePlan[]) {
    const owners = members.filter(({ tokens }) => tokens.length > 0);
    this.members = [...owners].sort((a, b) => compareText(a.id, b.id));
    this.#numbers = new Map(this.members.map(({ id }, number) => [id, number]));
    const numberOf = ({ id }: RingMember): number => this.#numbers.get(id)!;
    this.#sites =
      sites ??
      [...membersByDatacenter(owners)].map(([datacenter, group]) => {
        const ring = new SiteRing(createSite(group, copies.get(datacenter) ?? 0));
        return { datacenter, ...planSite(ring, (node) => numberOf(group[node]!)) };
      });
    this.starts = mergedStarts(this.#sites.map(({ starts }) => starts));
    this.copies = this.#sites.reduce((sum, site) => sum + site.copies, 0);
    this.fallbackCount = this.#sites.reduce((sum, site) => sum + site.fallbackCount, 0);
  }

  /**
   * For keys of which there are fewer copies: in each datacenter the first of this plan's replicas, so whoever keeps such a key
   * keeps its slot. The other replicas come first among the fallbacks. This plan itself, where no datacenter is to have fewer; lists
   * are shared, so that it costs next to nothing.
   */
  narrowedTo(copies: CopiesByDatacenter): PlacementPlan {
    const sites = this.#sites.map((site) => narrowed(site, copies.get(site.datacenter) ?? 0));
    if (sites.every((site, i) => site === this.#sites[i])) return this;
    return new PlacementPlan(this.members, copies, sites);
  }

  numberOf(id: NodeId): number | undefined {
    return this.#numbers.get(id);
  }

  /** The number of the slot's replica of that rank. Requires: 0 <= rank < copies. */
  replicaAt(slot: number, rank: number): number {
    let rest = rank;
    for (const { copies, listAt, nodes } of this.#sites) {
      if (rest < copies) return nodes[listAt[slot]! + rest]!;
      rest -= copies;
    }
    throw new RangeError(`no replica of rank ${rank}`);
  }

  /** The number of the slot's fallback of that rank. Requires: 0 <= rank < fallbackCount. */
  fallbackAt(slot: number, rank: number): number {
    let rest = rank;
    for (const { copies, fallbackCount, listAt, nodes } of this.#sites) {
      if (rest < fallbackCount) return nodes[listAt[slot]! + copies + rest]!;
      rest -= fallbackCount;
    }
    throw new RangeError(`no fallback of rank ${rank}`);
  }

  /** True if the slot surely has the replicas and fallbacks of the one before it: most have. As `starts` tells. */
  isAsBefore(slot: number): boolean {
    return slot > 0 && this.#sites.every(({ listAt }) => listAt[slot] === listAt[slot - 1]);
  }

  replicasOf(slot: number): readonly NodeId[] {
    return Array.from({ length: this.copies }, (_, rank) => this.members[this.replicaAt(slot, rank)]!.id);
  }

  fallbacksOf(slot: number): readonly NodeId[] {
    return Array.from(
      { length: this.fallbackCount },
      (_, rank) => this.members[this.fallbackAt(slot, rank)]!.id,
    );
  }

  /** Whether the node of that number holds a copy of the slot. */
  holds(number: number, slot: number): boolean {
    for (const { copies, listAt, nodes } of this.#sites) {
      const at = listAt[slot]!;
      for (let i = at; i < at + copies; i++) if (nodes[i] === number) return true;
    }
    return false;
  }
}

/** Who has no copies of a datacenter's has no fallbacks there either, as in a plan of its own. */
function narrowed(site: SitePlan, copies: number): SitePlan {
  if (copies >= site.copies) return site;
  const fallbackCount = copies === 0 ? 0 : site.fallbackCount + site.copies - copies;
  return { ...site, copies, fallbackCount };
}

function planSite(ring: SiteRing, numberOf: (node: number) => number): Omit<SitePlan, "datacenter"> {
  const { copies, members } = ring.site;
  const fallbackCount = copies === 0 ? 0 : Math.min(FALLBACKS_MAX, members.length - copies);
  const length = copies + fallbackCount;
  const nodes = new Uint16Array(ring.ranges.length * length);
  const marks = new Uint32Array(members.length);
  ring.ranges.forEach(({ replicas }, index) => {
    let at = index * length;
    for (const node of racksFirst(ring.site, replicas)) nodes[at++] = numberOf(node);
    for (const node of replicas) marks[node] = index + 1;
    const end = (index + 1) * length;
    for (let next = index; at < end; next = next + 1 === ring.ranges.length ? 0 : next + 1) {
      const { owner } = ring.ranges[next]!;
      if (marks[owner] === index + 1) continue;
      marks[owner] = index + 1;
      nodes[at++] = numberOf(owner);
    }
  });
  const listAt = new Uint32Array(SLOT_COUNT);
  const starts = [0];
  ring.ranges.forEach(({ position }, index) => {
    listAt.fill(index * length, starts.at(-1)!, position + 1);
    starts.push(position + 1);
  }); // behind the last token, the circle begins again
  return { copies, fallbackCount, listAt, starts: starts.filter((slot) => slot < SLOT_COUNT), nodes };
}

/** All of them, rising, each once; 0 if there are none. */
export function mergedStarts(lists: readonly (readonly number[])[]): readonly number[] {
  return [...new Set([0, ...lists.flat()])].sort((a, b) => a - b);
}

/** First the first of every rack, then the second of those that have one, and so on. */
function racksFirst({ rackOf }: Site, replicas: readonly number[]): readonly number[] {
  const rankInRack = (i: number): number =>
    replicas.slice(0, i).filter((node) => rackOf[node] === rackOf[replicas[i]!]).length;
  const ranks = replicas.map((_, i) => rankInRack(i));
  return replicas
    .map((node, i) => ({ node, rank: ranks[i]! }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ node }) => node);
}

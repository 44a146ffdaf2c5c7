/**
 * Who is up, by this node's own lights: it steers whom requests are sent to, and removes nobody.
 *
 *   the connection was lost, or cannot be made   down, until one stands
 *   late: requests wait, nothing comes           down, until something comes or nothing waits, while others will do
 *   gossip has given it up                       down, until it is heard of
 *   else                                         up
 *
 * A node that stands still (stopped, swapped out) keeps its connections and answers nothing: it is late long before
 * it is silent enough to be given up. Once those who wait have given up, others try it again.
 *
 * Who is late is passed over only while a majority would be left without those who are, of all or of this node's datacenter: else
 * it is rather this node or its machine that is slow, and to refuse what they could still answer would help nobody. They are
 * asked last then. Where the others of this datacenter answer, it is the way to the late that is slow.
 */

import type { Verdict } from "../../membership/failure-detector.ts";
import type { PeerLink } from "../../peer/peer-link.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Verdicts } from "./cluster-view.ts";

/** Nothing has come for so long though requests wait, or for so many times the slowest of a hundred answers. */
const LATE_MS = 250;
const LATE_P99S = 4;
/** However slow a node has been: another is asked, too, after so long at most, and what the way to it takes. */
const HEDGE_MS_MAX = 100;
/** A tick that comes so late says that this node stood still itself. */
const STALL_MS = 100;

/** What it looks at of a link. */
export type WatchedLink = Pick<
  PeerLink,
  "isReachable" | "receivedMs" | "inFlight" | "oldestAgeMs" | "roundTrips"
>;

export interface WatchedLinks {
  links(): ReadonlyMap<NodeId, WatchedLink>;
}

export class Liveness implements Verdicts {
  readonly #peers: WatchedLinks;
  readonly #verdictOf: (id: NodeId) => Verdict | undefined;
  readonly #isNear: (id: NodeId) => boolean;
  readonly #late = new Set<NodeId>();
  #hasMajorityWithoutLate = true;
  #tickedMs: number | undefined;

  /** Needs `onTick` about every forty milliseconds. `isNear`: in this node's datacenter. */
  constructor(
    peers: WatchedLinks,
    verdictOf: (id: NodeId) => Verdict | undefined,
    isNear: (id: NodeId) => boolean = () => true,
  ) {
    this.#peers = peers;
    this.#verdictOf = verdictOf;
    this.#isNear = isNear;
  }

  onTick(nowMs: number): void {
    const stoodStill = this.#tickedMs !== undefined && nowMs - this.#tickedMs > STALL_MS;
    this.#tickedMs = nowMs;
    if (stoodStill) return; // what others have sent meanwhile has not been read yet
    for (const [id, link] of this.#peers.links()) {
      if (isLate(link, nowMs)) this.#late.add(id);
      else this.#late.delete(id);
    }
    this.#hasMajorityWithoutLate = this.#late.size === 0 || this.#hasMajority();
  }

  isUp(id: NodeId): boolean {
    return this.#isThere(id) && !(this.#late.has(id) && this.#hasMajorityWithoutLate);
  }

  isLate(id: NodeId): boolean {
    return this.#late.has(id);
  }

  #isThere(id: NodeId): boolean {
    return this.#peers.links().get(id)?.isReachable === true && this.#verdictOf(id) !== "down";
  }

  /** Of this node and all that it has links to, or all near ones, without those who are late. */
  #hasMajority(): boolean {
    const ids = [...this.#peers.links().keys()];
    const near = ids.filter(this.#isNear);
    return this.#areMostQuick(ids) || (near.length > 0 && this.#areMostQuick(near));
  }

  #areMostQuick(others: readonly NodeId[]): boolean {
    const quick = others.filter((id) => !this.#late.has(id) && this.#isThere(id));
    return 2 * (quick.length + 1) > others.length + 1;
  }

  averageMs(id: NodeId): number {
    return this.#peers.links().get(id)?.roundTrips.averageMs ?? 0;
  }

  leastMs(id: NodeId): number {
    return this.#peers.links().get(id)?.roundTrips.leastMs ?? 0;
  }

  p99Ms(id: NodeId): number {
    const trips = this.#peers.links().get(id)?.roundTrips;
    return trips === undefined ? 0 : boundedP99Ms(trips);
  }
}

function isLate(link: WatchedLink, nowMs: number): boolean {
  const { receivedMs } = link;
  if (receivedMs === undefined || link.inFlight === 0) return false;
  const patienceMs = Math.max(LATE_MS, LATE_P99S * boundedP99Ms(link.roundTrips));
  return nowMs - receivedMs > patienceMs && link.oldestAgeMs() > patienceMs;
}

function boundedP99Ms({ p99Ms, leastMs }: WatchedLink["roundTrips"]): number {
  return Math.min(HEDGE_MS_MAX + leastMs, p99Ms);
}

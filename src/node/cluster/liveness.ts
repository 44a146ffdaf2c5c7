/**
 * Who is up, by this node's own lights: it steers whom requests are sent to, and removes nobody.
 *
 *   no connection, the last attempt failed   down, until an attempt succeeds
 *   late: requests wait, nothing comes       down, until something comes or nothing waits any more
 *   gossip has given it up                   down, until it is heard of
 *   else                                     up
 *
 * A node that stands still (stopped, swapped out) keeps its connections and answers nothing: it is late long before
 * it is silent enough to be given up. Once those who wait have given up, others try it again.
 */

import type { Verdict } from "../../membership/failure-detector.ts";
import type { PeerLink } from "../../peer/peer-link.ts";
import type { Peers } from "../../peer/peers.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Verdicts } from "./cluster-view.ts";

/** Nothing has come for so long though requests wait, or for so many times the slowest of a hundred answers. */
const LATE_MS = 250;
const LATE_P99S = 4;
/** However slow a node has been: another is asked, too, after so long at most. */
const HEDGE_MS_MAX = 100;
/** A tick that comes so late says that this node stood still itself. */
const STALL_MS = 60;

export class Liveness implements Verdicts {
  readonly #peers: Peers;
  readonly #verdictOf: (id: NodeId) => Verdict | undefined;
  readonly #late = new Set<NodeId>();
  #tickedMs: number | undefined;

  /** Needs `onTick` about every ten milliseconds. */
  constructor(peers: Peers, verdictOf: (id: NodeId) => Verdict | undefined) {
    this.#peers = peers;
    this.#verdictOf = verdictOf;
  }

  onTick(nowMs: number): void {
    const stoodStill = this.#tickedMs !== undefined && nowMs - this.#tickedMs > STALL_MS;
    this.#tickedMs = nowMs;
    if (stoodStill) return; // what others have sent meanwhile has not been read yet
    for (const [id, link] of this.#peers.links()) {
      if (isLate(link, nowMs)) this.#late.add(id);
      else this.#late.delete(id);
    }
  }

  isUp(id: NodeId): boolean {
    const link = this.#peers.links().get(id);
    if (link === undefined || link.state === "waiting" || link.state === "closed") return false;
    return !this.#late.has(id) && this.#verdictOf(id) !== "down";
  }

  averageMs(id: NodeId): number {
    return this.#peers.links().get(id)?.roundTrips.averageMs ?? 0;
  }

  p99Ms(id: NodeId): number {
    return Math.min(HEDGE_MS_MAX, this.#peers.links().get(id)?.roundTrips.p99Ms ?? 0);
  }
}

function isLate(link: PeerLink, nowMs: number): boolean {
  const { receivedMs } = link;
  if (receivedMs === undefined || link.inFlight === 0) return false;
  const patienceMs = Math.max(LATE_MS, LATE_P99S * Math.min(HEDGE_MS_MAX, link.roundTrips.p99Ms));
  return nowMs - receivedMs > patienceMs && link.oldestAgeMs() > patienceMs;
}

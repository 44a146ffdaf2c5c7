/**
 * Tells requests that were under way for too long, whatever held them up: this node stood still, the sender did, or the link
 * between them. No two clocks agree, so it goes by differences: the least that was ever seen between a sender's clock and
 * this node's is taken for a request that came at once, and what exceeds it for time on the way. Of the first request of a
 * sender's life their wall clocks tell: if they lie, it is refused, or believed, once.
 */
import type { NodeId } from "../../ring/ring-member.ts";

/** Two clocks' differences may grow so fast: a part of the time that goes by. Far more than any machine's do. */
const DRIFT = 0.001;

interface Sender {
  life: number;
  leastMs: number;
  seenMs: number;
}

export class Punctuality {
  readonly #senders = new Map<NodeId, Sender>();

  /** By this node's clock, the moment from which on whoever sent it at `sentMs` by its own waits for it no more. */
  deadlineMs(from: NodeId, { life, sentMs, patienceMs, wallLagMs }: Sent, nowMs: number): number {
    const apartMs = nowMs - sentMs;
    const sender = this.#senders.get(from);
    if (sender === undefined || sender.life !== life) {
      this.#senders.set(from, { life, leastMs: apartMs, seenMs: nowMs });
      return nowMs - Math.max(0, wallLagMs) + patienceMs;
    }
    sender.leastMs = Math.min(apartMs, sender.leastMs + DRIFT * (nowMs - sender.seenMs));
    sender.seenMs = nowMs;
    return sentMs + sender.leastMs + patienceMs;
  }
}

/** As in Attempt. */
export interface Sent {
  readonly life: number;
  readonly sentMs: number;
  readonly patienceMs: number;
  /** How far the sender's wall clock was behind what this node's shows now. */
  readonly wallLagMs: number;
}

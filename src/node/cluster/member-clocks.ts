/**
 * The wall time that has passed by the clocks of all members that were heard of: the earliest of them. What expires for good
 * goes by it, for one clock that has jumped ahead must not make others' rows expire.
 */
import type { NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";

/** Answers take time, clocks are a little apart, and nobody is in a hurry. */
const SLACK_MS = 1_000;

export class MemberClocks {
  readonly #clock: Pick<Clock, "wallMs" | "monotonicMs">;
  /** By how much each one's wall clock is ahead of this node's monotonic one. */
  readonly #aheadMs = new Map<NodeId, number>();
  #memberCount = 1;

  constructor(clock: Pick<Clock, "wallMs" | "monotonicMs">) {
    this.#clock = clock;
  }

  onTold(id: NodeId, wallMs: number): void {
    this.#aheadMs.set(id, wallMs - this.#clock.monotonicMs());
  }

  /** Those who are members now, this node among them. */
  onMembers(ids: readonly NodeId[]): void {
    for (const id of [...this.#aheadMs.keys()]) if (!ids.includes(id)) this.#aheadMs.delete(id);
    this.#memberCount = ids.length;
    this.#hasMembers = true;
  }

  #hasMembers = false;

  /** 0 while too few were heard of. */
  passedMs(): number {
    const heardCount = 1 + this.#aheadMs.size;
    if (!this.#hasMembers || 2 * heardCount <= this.#memberCount) return 0;
    const nowMs = this.#clock.monotonicMs();
    let earliest = this.#clock.wallMs();
    for (const aheadMs of this.#aheadMs.values()) earliest = Math.min(earliest, nowMs + aheadMs);
    return Math.max(0, earliest - SLACK_MS);
  }
}

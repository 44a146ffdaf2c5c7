/**
 * Which replicas may lack writes that wait for them with others: those that are down, were so until lately, or have hints
 * here. Just after a start it is nobody's knowledge who was down: then it is all of them.
 */
import type { NodeId } from "../ring/ring-member.ts";
import type { Participant } from "./quorum-need.ts";
import type { Cluster } from "./replica-calls.ts";
import type { HintKeeper } from "./replica-door.ts";

/** Within this time after a node is back, its hints should have been delivered. */
const SETTLE_MS = 10_000;
const LOOK_MS = 50;

export class SettledReplicas {
  readonly #cluster: Pick<Cluster, "self" | "isUp">;
  readonly #hints: Pick<HintKeeper, "waitsFor">;
  /** When each was seen for the first time, or seen down for the last. */
  readonly #downMs = new Map<NodeId, number>();
  #nowMs = 0;
  #lookMs = 0;

  constructor(cluster: Pick<Cluster, "self" | "isUp">, hints: Pick<HintKeeper, "waitsFor">) {
    this.#cluster = cluster;
    this.#hints = hints;
  }

  onTick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (nowMs < this.#lookMs) return;
    this.#lookMs = nowMs + LOOK_MS;
    for (const id of this.#downMs.keys()) if (!this.#isUp(id)) this.#downMs.set(id, nowMs);
  }

  /** True if reads of these replicas find whatever any of them should have. */
  areSettled(replicas: readonly Participant[]): boolean {
    let settled = true;
    for (const { id } of replicas) if (!this.#isSettled(id)) settled = false; // looks at all, to know them
    return settled;
  }

  #isSettled(id: NodeId): boolean {
    const downMs = this.#downMs.get(id);
    if (downMs === undefined || !this.#isUp(id)) this.#downMs.set(id, this.#nowMs);
    return downMs !== undefined && this.#nowMs - downMs >= SETTLE_MS && !this.#hints.waitsFor(id);
  }

  #isUp(id: NodeId): boolean {
    return id === this.#cluster.self.id || this.#cluster.isUp(id);
  }
}

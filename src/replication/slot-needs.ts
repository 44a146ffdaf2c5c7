/**
 * What a consistency level asks of the replicas of a slot, as they are by the present plan. Lists of replicas are shared by slots
 * and stay the same while the topology does: so does what levels ask of them. Hot: it allocates the first time only.
 */
import { type Outcome, StoreError } from "../base/errors.ts";
import {
  type ConsistencyLevel,
  missingMachines,
  type Participant,
  type QuorumNeed,
  quorumNeed,
} from "./quorum-need.ts";
import type { Cluster } from "./replica-calls.ts";
import type { WriteSide } from "./write-quorum.ts";

export class SlotNeeds {
  readonly #cluster: Cluster;
  readonly #needs = new WeakMap<readonly Participant[], Map<ConsistencyLevel, QuorumNeed>>();
  /** Of the one datacenter that levels may ask about: this node's, or the only one. */
  readonly #there = new WeakMap<readonly Participant[], readonly Participant[]>();
  readonly #sides = new WeakMap<QuorumNeed, readonly WriteSide[]>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** What a read needs. Throws StoreError QUORUM_UNAVAILABLE, not applied, if no state of the cluster could meet it. */
  reading(slot: number, level: ConsistencyLevel): QuorumNeed {
    return this.#needOf(this.#cluster.replicasOf(slot), level);
  }

  /**
   * Throws StoreError STALE_PLAN if this node is no replica of the slot (any more). Its rows of it may be gone then, and a change that is
   * made of nothing would say that it has seen, and replaces, what this node has written there before.
   */
  requireKept(slot: number, outcome: Outcome): void {
    const { self } = this.#cluster;
    if (this.#cluster.replicasOf(slot).some(({ id }) => id === self.id)) return;
    throw new StoreError("STALE_PLAN", outcome, `this node keeps no copy of slot ${slot}`);
  }

  /** What a write needs, and while the slot moves, of those on the other side as well. Throws as `reading`. */
  sides(slot: number, level: ConsistencyLevel): readonly WriteSide[] {
    const replicas = this.#cluster.replicasOf(slot);
    const others = this.#cluster.otherReplicasOf?.(slot);
    const need = this.#needOf(replicas, level);
    if (others === undefined) return this.#sideOf(need);
    return [
      { need, replicas },
      { need: this.#needOf(others, level), replicas: others },
    ];
  }

  /** The slot's replicas that the need is about: of one datacenter, or all. Hot. */
  replicasFor(need: QuorumNeed, slot: number): readonly Participant[] {
    const replicas = this.#cluster.replicasOf(slot);
    const { datacenter } = need[0]!;
    if (need.length > 1 || datacenter === undefined) return replicas;
    let there = this.#there.get(replicas);
    if (there === undefined) {
      there = replicas.filter((replica) => replica.datacenter === datacenter);
      this.#there.set(replicas, there);
    }
    return there;
  }

  /** As `sides`, of a write that is made already: if it throws, that is unknown. */
  sidesOfWritten(slot: number, level: ConsistencyLevel): readonly WriteSide[] {
    try {
      return this.sides(slot, level);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      throw new StoreError(cause.code, "unknown", cause.message, { cause });
    }
  }

  /** True if this node's own copy is all that is needed. Hot. */
  isMetHere(need: QuorumNeed, slot: number): boolean {
    if (need.length > 1 || need[0]!.machineCount > 1) return false;
    const { self } = this.#cluster;
    const { datacenter } = need[0]!;
    if (datacenter !== undefined && datacenter !== self.datacenter) return false;
    for (const { id } of this.#cluster.replicasOf(slot)) if (id === self.id) return true;
    return false;
  }

  /** Refuses a write that surely finds too few machines before anything is done. */
  requireReachable(slot: number, sides: readonly WriteSide[], isSloppy: boolean): void {
    const cluster = this.#cluster;
    const isReachable = ({ id }: Participant): boolean =>
      id === cluster.self.id || cluster.isUp(id) || cluster.mayAnswer?.(id) === true;
    for (const { need, replicas = cluster.replicasOf(slot) } of sides) {
      if (replicas.every(isReachable)) continue;
      const takers = isSloppy ? [...replicas, ...cluster.fallbacksOf(slot)] : replicas;
      const missing = missingMachines(need, takers.filter(isReachable));
      if (missing === 0) continue;
      const text = `${missing} machines too few are up for the write's consistency`;
      throw new StoreError("QUORUM_UNAVAILABLE", "not-applied", text);
    }
  }

  #needOf(replicas: readonly Participant[], level: ConsistencyLevel): QuorumNeed {
    const present = this.#needs.get(replicas)?.get(level);
    if (present !== undefined) return present;
    const result = quorumNeed(level, replicas, this.#cluster.self.datacenter);
    if (result.kind === "impossible") {
      throw new StoreError("QUORUM_UNAVAILABLE", "not-applied", result.reason);
    }
    const needs = this.#needs.get(replicas) ?? new Map<ConsistencyLevel, QuorumNeed>();
    this.#needs.set(replicas, needs.set(level, result.need));
    return result.need;
  }

  #sideOf(need: QuorumNeed): readonly WriteSide[] {
    const present = this.#sides.get(need) ?? [{ need, replicas: undefined }];
    this.#sides.set(need, present);
    return present;
  }
}

/**
 * Follows one write: who was asked, who has it, who has not, and whether that is enough. Pure: no clock, no network.
 *
 * Who stands in for a replica that is merely late does not count yet: that one has been asked, too, and if it has the
 * write after all, it is one of those that later reads ask.
 *
 * Who stands in for a replica of another datacenter counts for neither of the two, where machines of a datacenter are counted:
 * what it keeps is not there where reads look for it.
 *
 * Ask whoever shall stand in for a failed one before telling of the failure: else the write may be given up between.
 *
 * While a slot moves there are two sides, its owners of now and those to come: each must hold the write. Most nodes are on both.
 *
 * Invariant: "met" only if that many distinct machines of each side hold the write, and it stays met.
 * Invariant: "not-applied" only if all who were asked surely do not have it and never will, so that nobody does.
 */
import { assert } from "../base/assert.ts";
import type { Outcome } from "../base/errors.ts";
import type { NodeId } from "../ring/ring-member.ts";
import { isAmong, missingMachines, type Participant, type QuorumNeed } from "./quorum-need.ts";

/** Pending: who has not answered may still make it met. A failed write says what is known of its effect. */
export type WriteVerdict = "pending" | "met" | Outcome;

/** What an acknowledged write rests on. */
export interface Receipt {
  /** Distinct machines and racks that hold it in the place where it belongs, or as a hint. */
  readonly machines: readonly string[];
  readonly racks: readonly string[];
  /** Who holds it, either way. */
  readonly nodes: readonly NodeId[];
  /** Of the nodes that hold it: on how many it would survive a power failure of all of them. */
  readonly syncedCount: number;
  /** Who keeps it for somebody else. */
  readonly fallbacks: readonly NodeId[];
}

/** Who counts, and for what. */
export interface WriteSide {
  readonly need: QuorumNeed;
  /** Undefined: whoever is asked. */
  readonly replicas: readonly Participant[] | undefined;
}

export interface WriteQuorumSettings {
  readonly sides: readonly WriteSide[];
  /** True if a fallback's ack counts, once the replica it stands for is known to be of no use. */
  readonly isSloppy: boolean;
}

type State = "waiting" | "acked" | "synced" | Outcome;

interface Asked {
  readonly member: Participant;
  /** Whose place it takes; undefined for a replica. */
  readonly standsFor: Participant | undefined;
  state: State;
}

export class WriteQuorum {
  readonly #sides: readonly WriteSide[];
  readonly #isSloppy: boolean;
  readonly #asked: Asked[] = [];
  /** Replicas that others may count for. */
  readonly #excused: NodeId[] = [];
  #isMet = false;

  constructor({ sides, isSloppy }: WriteQuorumSettings) {
    this.#sides = sides;
    this.#isSloppy = isSloppy;
  }

  /** A node is asked once: for itself, or as the fallback of a replica. */
  ask(member: Participant, standsFor?: Participant): void {
    assert(this.#find(member.id) === undefined, "a node is asked once");
    this.#asked.push({ member, standsFor, state: "waiting" });
  }

  /** The replica will not answer for all that can be told: who stands in for it counts from now on. */
  excuse(id: NodeId): WriteVerdict {
    if (!this.#excused.includes(id)) this.#excused.push(id);
    return this.verdict;
  }

  hasAsked(id: NodeId): boolean {
    return this.#find(id) !== undefined;
  }

  isWaitingFor(id: NodeId): boolean {
    return this.#find(id)?.state === "waiting";
  }

  onAck(id: NodeId, isSynced: boolean): WriteVerdict {
    this.#settle(id, isSynced ? "synced" : "acked");
    return this.verdict;
  }

  onFailure(id: NodeId, outcome: Outcome): WriteVerdict {
    this.#settle(id, outcome);
    return this.excuse(id);
  }

  get verdict(): WriteVerdict {
    this.#isMet ||= this.#isEnough(holds);
    if (this.#isMet) return "met";
    return this.#isEnough(mayHold) ? "pending" : this.outcome;
  }

  /** What is known of the write's effect if nobody waits for it any longer. */
  get outcome(): Outcome {
    return this.#asked.every(({ state }) => state === "not-applied") ? "not-applied" : "unknown";
  }

  get receipt(): Receipt {
    const holders = this.#asked.filter(({ state }) => holds(state));
    const placeOf = ({ member }: Asked): string => `${member.datacenter}/${member.rack}`;
    return {
      machines: [...new Set(holders.map(({ member }) => member.machine))],
      racks: [...new Set(holders.map(placeOf))],
      nodes: holders.map(({ member }) => member.id),
      syncedCount: holders.filter(({ state }) => state === "synced").length,
      fallbacks: holders.filter(({ standsFor }) => standsFor !== undefined).map(({ member }) => member.id),
    };
  }

  #isEnough(counts: (state: State) => boolean): boolean {
    for (const side of this.#sides) {
      if (missingMachines(side.need, this.#counting(side, counts)) > 0) return false;
    }
    return true;
  }

  #counting({ need, replicas }: WriteSide, counts: (state: State) => boolean): readonly Participant[] {
    const counted: Participant[] = [];
    for (const asked of this.#asked) {
      if (!counts(asked.state) || !this.#mayCount(asked, need)) continue;
      const { member, standsFor = member } = asked;
      if (replicas === undefined || isAmong(replicas, standsFor.id)) counted.push(member);
    }
    return counted;
  }

  #mayCount({ member, standsFor }: Asked, need: QuorumNeed): boolean {
    if (standsFor === undefined) return true;
    if (!this.#isSloppy || !this.#excused.includes(standsFor.id)) return false;
    return need[0]!.datacenter === undefined || member.datacenter === standsFor.datacenter;
  }

  /** The first answer counts: a later one of the same node can only be a repetition. */
  #settle(id: NodeId, state: State): void {
    const asked = this.#find(id);
    assert(asked !== undefined, "only who was asked answers");
    if (asked.state === "waiting") asked.state = state;
  }

  #find(id: NodeId): Asked | undefined {
    return this.#asked.find(({ member }) => member.id === id);
  }
}

function holds(state: State): boolean {
  return state === "acked" || state === "synced";
}

function mayHold(state: State): boolean {
  return state === "waiting" || holds(state);
}

/**
 * Follows one read: who was asked, who has answered, and whether that is enough. Pure: no clock, no network; what the
 * answers say is the coordinator's concern.
 *
 * Ask whoever shall stand in for a failed one before telling of the failure: else the read may be given up between.
 */
import { assert } from "../base/assert.ts";
import type { NodeId } from "../ring/ring-member.ts";
import { countMachines, missingMachines, type Participant, type QuorumNeed } from "./quorum-need.ts";

export type ReadVerdict = "pending" | "met" | "failed";

interface Asked {
  readonly member: Participant;
  readonly counts: boolean;
  state: "waiting" | "answered" | "failed";
}

export class ReadQuorum {
  readonly #need: QuorumNeed;
  readonly #isSloppy: boolean;
  readonly #asked: Asked[] = [];

  constructor({ need, isSloppy }: { readonly need: QuorumNeed; readonly isSloppy: boolean }) {
    this.#need = need;
    this.#isSloppy = isSloppy;
  }

  /** A node is asked once; a fallback's answer counts only where writes to fallbacks do. */
  ask(member: Participant, { isFallback }: { readonly isFallback: boolean }): void {
    assert(!this.hasAsked(member.id), "a node is asked once");
    this.#asked.push({ member, counts: !isFallback || this.#isSloppy, state: "waiting" });
  }

  hasAsked(id: NodeId): boolean {
    return this.#find(id) !== undefined;
  }

  isWaitingFor(id: NodeId): boolean {
    return this.#find(id)?.state === "waiting";
  }

  onAnswer(id: NodeId): ReadVerdict {
    this.#settle(id, "answered");
    return this.verdict;
  }

  onFailure(id: NodeId): ReadVerdict {
    this.#settle(id, "failed");
    return this.verdict;
  }

  get verdict(): ReadVerdict {
    if (missingMachines(this.#need, this.#members(false)) === 0) return "met";
    return this.missingAsked === 0 ? "pending" : "failed";
  }

  /** How many machines more would have to be asked for the need to be met, if all who were asked answered. */
  get missingAsked(): number {
    return missingMachines(this.#need, this.#members(true));
  }

  /** True if one more machine of that datacenter would bring it nearer. */
  wantsMoreOf(datacenter: string): boolean {
    const asked = this.#members(true);
    for (const group of this.#need) {
      if (group.datacenter !== undefined && group.datacenter !== datacenter) continue;
      if (countMachines(asked, group.datacenter) < group.machineCount) return true;
    }
    return false;
  }

  #members(withWaiting: boolean): readonly Participant[] {
    const members: Participant[] = [];
    for (const { member, counts, state } of this.#asked) {
      if (counts && (state === "answered" || (withWaiting && state === "waiting"))) members.push(member);
    }
    return members;
  }

  #settle(id: NodeId, state: "answered" | "failed"): void {
    const asked = this.#find(id);
    assert(asked !== undefined, "only who was asked answers");
    if (asked.state === "waiting") asked.state = state;
  }

  #find(id: NodeId): Asked | undefined {
    return this.#asked.find(({ member }) => member.id === id);
  }
}

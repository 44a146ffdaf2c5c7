/**
 * What this node knows of what all owners of a slot have seen: so it can tell how far its own knowledge of the slot goes, and
 * which deletions nobody needs any more. Pure: no clock, no network; `Collector` feeds it and does what it says.
 *
 *   state     every member has told, at one moment, how far its own writes are where they belong, and that it keeps nothing
 *             for others
 *   equal     since then, this slot's sums were found equal with each other owner of it
 *   bound     so this node has seen whatever was told: what it has not, it has seen go
 *   collect   a deletion that was here before the slot was found equal with all, and whose context is covered by a bound that
 *             all of them hold, is in nobody's way any more
 *
 * Invariant: a bound covers only writes that are in this node's rows, or over. A write is told of only when it is stored at an
 * owner; owners' rows only grow; and equal sums mean equal rows. So whoever was found equal with all owners after it was told
 * has it. Neither hints nor rows of former owners know more: nobody had any.
 */
import { descends, EMPTY_VECTOR, joinVectors, type VersionVector } from "../causality/version-vector.ts";
import { SLOT_COUNT } from "../ring/slot.ts";
import type { EqualSlots } from "./agreement-message.ts";
import { SlotGroups } from "./equal-slots.ts";
import type { SlotSpan } from "./exchange.ts";

/** What all members have told. */
export interface Muster {
  /** This node's monotonic time when the first of them was asked. */
  readonly atMs: number;
  /** All of it is where it belongs. */
  readonly settled: VersionVector;
}

interface Comparisons {
  /** When the exchange began that has found the slot equal; by slot. */
  readonly sinceMs: Float64Array;
  /** What both had seen of it then, at least. */
  readonly seen: VersionVector[];
}

/** By the very list that was asked about last: lists do not change. */
interface LookedUp {
  readonly others: readonly string[];
  readonly compared: readonly (Comparisons | undefined)[];
}

/** Neighbours that the same others own. */
export interface OwnedSpan extends SlotSpan {
  readonly others: readonly string[];
}

const NOTHING_LOOKED_UP: LookedUp = { others: [], compared: [] };
const MUSTERS_MAX = 64;

export class Collection {
  /** Rising in time. */
  #musters: Muster[] = [];
  readonly #byOwner = new Map<string, Comparisons>();
  #lookedUp: LookedUp = NOTHING_LOOKED_UP;

  /** All that was compared counts no more: slots may have been dropped, and gained again. */
  forget(): void {
    this.#musters = [];
    this.#byOwner.clear();
    this.#lookedUp = NOTHING_LOOKED_UP;
  }

  onMuster(muster: Muster): void {
    this.#musters.push(muster);
    // Exchanges may take long: also old ones are of use then, though not each of them.
    if (this.#musters.length > MUSTERS_MAX) this.#musters = this.#musters.filter((_, i) => i % 2 === 1);
  }

  /** In an exchange that has begun at `sinceMs`, these slots were found equal; both hold at least the bound `seen`. */
  onEqual(
    owner: string,
    spans: Iterable<SlotSpan>,
    { sinceMs, seen }: { readonly sinceMs: number; readonly seen: VersionVector },
  ): void {
    let own = this.#byOwner.get(owner);
    if (own === undefined) {
      own = {
        sinceMs: new Float64Array(SLOT_COUNT).fill(Number.NEGATIVE_INFINITY),
        seen: new Array<VersionVector>(SLOT_COUNT).fill(EMPTY_VECTOR),
      };
      this.#byOwner.set(owner, own);
      this.#lookedUp = NOTHING_LOOKED_UP;
    }
    for (const { first, last } of spans) {
      for (let slot = first; slot <= last; slot++) {
        if (own.sinceMs[slot]! > sinceMs) continue;
        own.sinceMs[slot] = sinceMs;
        own.seen[slot] = seen;
      }
    }
  }

  /** Since when at the latest this node's slot was found equal with each of those owners. */
  equalSinceMs(slot: number, others: readonly string[]): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const compared of this.#comparedWith(others)) {
      const since = compared?.sinceMs[slot] ?? Number.NEGATIVE_INFINITY;
      if (since < earliest) earliest = since;
    }
    return earliest;
  }

  /** What this node has surely seen of those slots, beyond its bounds: slots of which that is not known are left out. */
  newlySeen(spans: Iterable<OwnedSpan>): readonly EqualSlots[] {
    const groups = new SlotGroups();
    let [lastMs, settled] = [Number.NEGATIVE_INFINITY, EMPTY_VECTOR];
    for (const { first, last, others } of spans) {
      for (let slot = first; slot <= last; slot++) {
        const sinceMs = this.equalSinceMs(slot, others);
        if (sinceMs !== lastMs) {
          lastMs = sinceMs;
          settled = this.#settledBefore(sinceMs);
        }
        if (settled.length > 0) groups.add(slot, settled);
      }
    }
    return groups.all();
  }

  #settledBefore(sinceMs: number): VersionVector {
    for (let i = this.#musters.length - 1; i >= 0; i--)
      if (this.#musters[i]!.atMs < sinceMs) return this.#musters[i]!.settled;
    return EMPTY_VECTOR;
  }

  /** Whoever goes through all slots asks about the same owners many times in a row. */
  #comparedWith(others: readonly string[]): readonly (Comparisons | undefined)[] {
    if (this.#lookedUp.others !== others) {
      this.#lookedUp = { others, compared: others.map((id) => this.#byOwner.get(id)) };
    }
    return this.#lookedUp.compared;
  }

  /** True if all owners have the deletion, which has been here since `markedMs`, and hold bounds that cover it. */
  mayCollect(
    slot: number,
    others: readonly string[],
    { markedMs, context }: { readonly markedMs: number; readonly context: VersionVector },
  ): boolean {
    if (this.equalSinceMs(slot, others) <= markedMs) return false;
    return others.every((id) => descends(this.#byOwner.get(id)!.seen[slot]!, context));
  }
}

/** The members' states as one. Undefined if something is kept for others: it must get there first. */
export function musterOf(
  atMs: number,
  states: readonly { readonly settled: VersionVector; readonly isEmptyHanded: boolean }[],
  /** Writes of lives that have ended, as far as they were seen before `atMs`. */
  ended: VersionVector,
): Muster | undefined {
  if (states.some(({ isEmptyHanded }) => !isEmptyHanded)) return undefined;
  return { atMs, settled: states.reduce((all, { settled }) => joinVectors(all, settled), ended) };
}

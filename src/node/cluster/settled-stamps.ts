/**
 * Which of this node's dots are surely where they belong, in the rows of some owner: its own actor's at once, for it stores
 * what it stamps. Those of its relay actor (ADR 0011) travel: a minute later they have arrived, or their request has failed.
 */
import type { Actor } from "../../causality/actor.ts";
import { EMPTY_VECTOR, joinVectors, type VersionVector } from "../../causality/version-vector.ts";

export interface StampCount {
  readonly actor: Actor;
  readonly relayActor: Actor;
  /** The highest counter that either may have used. */
  readonly lastCounter: number;
}

const ARRIVES_MS = 60_000;
const SAMPLE_MS = 5_000;
/** Who was held up for so long does not know what it has done meanwhile. */
const STALL_MS = 2_000;

export class SettledStamps {
  readonly #count: StampCount;
  #samples: { readonly atMs: number; readonly counter: number }[] = [];
  #tickedMs = Number.NEGATIVE_INFINITY;

  constructor(count: StampCount) {
    this.#count = count;
  }

  /** Needs to be called a few times a second. */
  onTick(nowMs: number): void {
    if (nowMs - this.#tickedMs > STALL_MS) this.#samples = [];
    this.#tickedMs = nowMs;
    const newest = this.#samples.at(-1);
    if (newest !== undefined && nowMs - newest.atMs < SAMPLE_MS) return;
    this.#samples.push({ atMs: nowMs, counter: this.#count.lastCounter });
    // One that is old enough is kept, and all that are not.
    while (this.#samples.length > 1 && nowMs - this.#samples[1]!.atMs >= ARRIVES_MS) this.#samples.shift();
  }

  at(nowMs: number): VersionVector {
    const { actor, relayActor, lastCounter } = this.#count;
    const [oldest] = this.#samples;
    const relayed = oldest !== undefined && nowMs - oldest.atMs >= ARRIVES_MS ? oldest.counter : 0;
    return joinVectors(entryOf(actor, lastCounter), entryOf(relayActor, relayed));
  }
}

function entryOf(actor: Actor, counter: number): VersionVector {
  return counter === 0 ? EMPTY_VECTOR : [{ actor, counter }];
}

/**
 * The way from one simulated host to another: how long it takes, how much passes, what it loses.
 *
 *   time = wait for its turn + size / bytesPerSecond + base + jitter, and rarely a long tail
 */
import { assert } from "../base/assert.ts";
import type { SimRandom } from "./sim-random.ts";

export interface Latency {
  readonly baseMs: number;
  /** Up to so much more, drawn for each transmission. */
  readonly jitterMs: number;
  /** One in so many takes longer still: exponentially distributed, `meanMs` on average. */
  readonly tail?: { readonly oneIn: number; readonly meanMs: number };
}

/** What can be changed about a link; what is left out stays as it is. */
export interface LinkQuality {
  readonly latency?: Latency;
  /** How likely a transmission is lost, in [0, 1). */
  readonly lossOdds?: number;
  /** What is more than that waits for its turn. */
  readonly bytesPerSecond?: number;
}

export class SimLink {
  readonly from: string;
  readonly to: string;
  /** Nothing passes. */
  isBarred = false;
  /** Of all that has come through, again and again if it was sent again. */
  carriedBytes = 0;
  /** As its hosts' groups have it, where nobody has set that of this link. */
  groupLatency: Latency | undefined;
  readonly #seeded: Latency;
  #latency: Latency | undefined;
  #lossOdds = 0;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  #busyUntilMs = 0;

  constructor(from: string, to: string, seeded: Latency) {
    this.from = from;
    this.to = to;
    this.#seeded = seeded;
  }

  set({ latency, lossOdds, bytesPerSecond }: LinkQuality): void {
    if (latency !== undefined) this.#latency = latency;
    if (lossOdds !== undefined) {
      assert(lossOdds >= 0 && lossOdds < 1, "to lose everything is a partition");
      this.#lossOdds = lossOdds;
    }
    if (bytesPerSecond !== undefined) {
      assert(bytesPerSecond > 0, "a link lets something pass: else it is a partition");
      this.#bytesPerSecond = bytesPerSecond;
    }
  }

  /** Loses nothing any more, and takes as much as is sent. */
  mend(): void {
    this.#lossOdds = 0;
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
    this.#busyUntilMs = 0;
  }

  get isLossy(): boolean {
    return this.#lossOdds > 0;
  }

  loses(random: SimRandom): boolean {
    return this.#lossOdds > 0 && random.between(0, 1) < this.#lossOdds;
  }

  /** How long `sizeBytes` that are handed in at `nowMs` are under way. */
  takesMs(nowMs: number, sizeBytes: number, random: SimRandom): number {
    this.carriedBytes += sizeBytes;
    const { baseMs, jitterMs, tail } = this.#latency ?? this.groupLatency ?? this.#seeded;
    let takesMs = baseMs + random.between(0, jitterMs);
    if (tail !== undefined && random.oneIn(tail.oneIn)) takesMs += exponential(tail.meanMs, random);
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY || sizeBytes === 0) return takesMs;
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + (sizeBytes / this.#bytesPerSecond) * 1_000;
    return takesMs + this.#busyUntilMs - nowMs;
  }
}

function exponential(mean: number, random: SimRandom): number {
  return -mean * Math.log(1 - random.between(0, 1));
}

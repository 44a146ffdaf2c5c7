/**
 * Chooses the rows that go when memory is short, by the policy in force.
 * Source: Redis, "Key eviction"; see eviction-pool.ts for the sampling.
 */
import type { Random } from "../../runtime/runtime.ts";
import type { EvictionPolicy } from "./eviction-policy.ts";
import { EvictionPool } from "./eviction-pool.ts";
import type { RowTable } from "./row-table.ts";
import type { UseStamps } from "./use-stamps.ts";

/** An index is at least a third full, unless it is tiny: so many misses in a row mean that it is tiny. */
const MISSES_MAX = 64;

export class Evictor {
  readonly #table: RowTable;
  readonly #stamps: UseStamps;
  readonly #random: Random;
  readonly #pool = new EvictionPool();
  #policy: EvictionPolicy = "noeviction";
  #sampleCount = 0;
  #mayTakeAny = false;

  constructor(table: RowTable, stamps: UseStamps, random: Random) {
    this.#table = table;
    this.#stamps = stamps;
    this.#random = random;
  }

  configure(policy: EvictionPolicy, sampleCount: number): void {
    this.#policy = policy;
    this.#sampleCount = sampleCount;
    this.#mayTakeAny = policy.startsWith("allkeys");
    this.#pool.clear();
  }

  /** Address of the row that should go next, or 0 if none may. */
  choose(nowMs: number): number {
    switch (this.#policy) {
      case "noeviction":
        return 0;
      case "allkeys-random":
      case "volatile-random":
        return this.#sample();
      default:
        return this.#chooseStalest(nowMs);
    }
  }

  /** Forgets its candidates. */
  clear(): void {
    this.#pool.clear();
  }

  #chooseStalest(nowMs: number): number {
    while (this.#fillPool(nowMs)) {
      while (this.#pool.count > 0) {
        const { bestHash, bestAddress, bestStaleness } = this.#pool;
        this.#pool.removeBest();
        // Since it was offered the row may have gone, moved, lost its expiry or been used.
        if (!this.#table.index.has(bestHash, bestAddress)) continue;
        if (!this.#mayTakeAny && !this.#table.rows.isExpiring(bestAddress)) continue;
        if (this.#staleness(bestAddress, nowMs) >= bestStaleness) return bestAddress;
      }
    }
    return 0;
  }

  /** False if there is no row to choose from. */
  #fillPool(nowMs: number): boolean {
    for (let i = 0; i < this.#sampleCount; i++) {
      const row = this.#sample();
      if (row === 0) return false;
      this.#pool.offer(this.#table.hashOf(row), row, this.#staleness(row, nowMs));
    }
    return true;
  }

  #staleness(row: number, nowMs: number): number {
    const { rows, expiries } = this.#table;
    if (this.#policy === "volatile-ttl") return -expiries.remainingMs(rows.expiryPlaceOf(row), nowMs);
    return this.#stamps.staleness(rows.useOf(row));
  }

  #sample(): number {
    const { index, expiries } = this.#table;
    if (!this.#mayTakeAny) {
      return expiries.count === 0 ? 0 : expiries.rowAt(this.#random.below(expiries.count));
    }
    if (index.rowCount === 0) return 0;
    for (let misses = 0; misses < MISSES_MAX; misses++) {
      const row = index.sample(this.#random.uint32(), this.#random.uint32());
      if (row !== 0) return row;
    }
    return index.firstRowFrom(this.#random.uint32());
  }
}

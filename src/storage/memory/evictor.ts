/**
 * Chooses the rows that go when memory is short, by the policy in force.
 * Source: Redis, "Key eviction"; see eviction-pool.ts for the sampling.
 */

import type { EvictionPolicy } from "../../base/eviction-policy.ts";
import type { Random } from "../../runtime/runtime.ts";
import { EvictionPool } from "./eviction-pool.ts";
import type { RowSample } from "./hash-index.ts";
import type { RowTable } from "./row-table.ts";
import type { UseStamps } from "./use-stamps.ts";

export class Evictor {
  readonly #table: RowTable;
  readonly #stamps: UseStamps;
  readonly #random: Random;
  readonly #pool = new EvictionPool();
  #policy: EvictionPolicy = "noeviction";
  #sample: RowSample = { hashes: new Int32Array(0), addresses: new Int32Array(0) };
  #mayTakeAny = false;

  constructor(table: RowTable, stamps: UseStamps, random: Random) {
    this.#table = table;
    this.#stamps = stamps;
    this.#random = random;
  }

  configure(policy: EvictionPolicy, sampleCount: number): void {
    this.#policy = policy;
    this.#sample = { hashes: new Int32Array(sampleCount), addresses: new Int32Array(sampleCount) };
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
        return this.#draw() === 0 ? 0 : this.#sample.addresses[0]!;
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
    const count = this.#draw();
    for (let i = 0; i < count; i++) {
      const row = this.#sample.addresses[i]!;
      this.#pool.offer(this.#sample.hashes[i]!, row, this.#staleness(row, nowMs));
    }
    return count > 0;
  }

  #staleness(row: number, nowMs: number): number {
    const { rows, expiries } = this.#table;
    if (this.#policy === "volatile-ttl") return -expiries.remainingMs(rows.expiryPlaceOf(row), nowMs);
    return this.#stamps.staleness(rows.useOf(row));
  }

  /** Draws rows that may go. Returns how many: 0 only if there are none. */
  #draw(): number {
    const { index, expiries } = this.#table;
    if (this.#mayTakeAny) {
      if (index.rowCount === 0) return 0;
      for (;;) {
        const found = index.sample(this.#random.uint32(), this.#random.uint32(), this.#sample);
        if (found > 0) return found;
      }
    }
    if (expiries.count === 0) return 0;
    const { addresses, hashes } = this.#sample;
    for (let i = 0; i < addresses.length; i++) {
      addresses[i] = expiries.rowAt(this.#random.below(expiries.count));
      hashes[i] = this.#table.hashOf(addresses[i]!);
    }
    return addresses.length;
  }
}

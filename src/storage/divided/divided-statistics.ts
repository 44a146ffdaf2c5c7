/** What a main engine and its annexes count, in all; also of annexes that are no more. */
import type { EngineStatistics } from "../storage-engine.ts";
import type { Annex } from "./annex.ts";

export class DividedStatistics implements EngineStatistics {
  readonly #main: EngineStatistics;
  readonly #annexes: () => readonly Annex[];
  #expiredBefore = 0;
  #evictedBefore = 0;

  constructor(main: EngineStatistics, annexes: () => readonly Annex[]) {
    this.#main = main;
    this.#annexes = annexes;
  }

  get memoryBytes(): number {
    return this.#sum(({ memoryBytes }) => memoryBytes);
  }

  get liveBytes(): number {
    return this.#sum(({ liveBytes }) => liveBytes);
  }

  get expiredRows(): number {
    return this.#expiredBefore + this.#sum(({ expiredRows }) => expiredRows);
  }

  get evictedRows(): number {
    return this.#evictedBefore + this.#sum(({ evictedRows }) => evictedRows);
  }

  /** The annex goes. */
  keep({ engine: { statistics } }: Annex): void {
    this.#expiredBefore += statistics.expiredRows;
    this.#evictedBefore += statistics.evictedRows;
  }

  #sum(of: (statistics: EngineStatistics) => number): number {
    return this.#annexes().reduce((sum, { engine }) => sum + of(engine.statistics), of(this.#main));
  }
}

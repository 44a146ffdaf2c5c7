/** A repair that somebody has asked for: what it has come to so far, and how far it is. */
import type { ExchangeDriver } from "../../anti-entropy/exchange-driver.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { addOutcome, countExchange, noTotals, type RepairTotals } from "./repair-totals.ts";

export interface RepairRun {
  readonly totals: RepairTotals;
  /** 0 to 1. */
  readonly progress: number;
  /** Whom it could not compare with, and why. */
  readonly failures: ReadonlyMap<NodeId, string>;
  readonly isOver: boolean;
  /** Resolves when it is over. Rejects with StoreError CLOSED if the node closes before. */
  readonly end: Promise<void>;
}

export class UrgentRun implements RepairRun {
  readonly #totals: RepairTotals = noTotals();
  readonly failures = new Map<NodeId, string>();
  isOver = false;
  readonly end: Promise<void>;
  #driver: ExchangeDriver | undefined;
  #partsOver = 0;
  #partCount = 1;

  constructor(carryThrough: (own: UrgentRun) => Promise<void>) {
    this.end = carryThrough(this);
  }

  get totals(): RepairTotals {
    if (this.#driver === undefined) return this.#totals;
    const totals = { ...this.#totals };
    addOutcome(totals, this.#driver.outcome);
    return totals;
  }

  /** The second time round is no further progress. */
  get progress(): number {
    if (this.isOver) return 1;
    const within = this.#driver?.progress ?? 0;
    return Math.min(1, (this.#partsOver + within) / this.#partCount);
  }

  beginPart(driver: ExchangeDriver, partCount: number): void {
    this.#driver = driver;
    this.#partCount = partCount;
  }

  endPart(isWhole: boolean): void {
    if (this.#driver !== undefined) addOutcome(this.#totals, this.#driver.outcome);
    countExchange(this.#totals, isWhole);
    this.#driver = undefined;
    this.#partsOver++;
  }
}

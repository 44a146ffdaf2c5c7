/** The rounds under way, and their time: one tick for all of them while there are any, and no timer of their own. */
import { StoreError } from "../base/errors.ts";

export interface Round {
  /** About every ten milliseconds until it says that it is over. */
  onTick(nowMs: number): "going on" | "over";
}

export class RoundBoard {
  readonly #rounds = new Set<Round>();
  readonly #roundsMax: number;
  readonly #others: () => number;
  readonly #onBegin: () => void;

  /** `others`: how many rounds are under way that are not here. `onBegin` is told before one begins, here or there. */
  constructor(roundsMax: number, others: () => number, onBegin: () => void) {
    this.#roundsMax = roundsMax;
    this.#others = others;
    this.#onBegin = onBegin;
  }

  /** The others included. */
  get size(): number {
    return this.#rounds.size + this.#others();
  }

  /** To be called before a round begins. Throws StoreError OVERLOADED, not applied, if too many are under way. */
  requireRoom(): void {
    if (this.size < this.#roundsMax) {
      this.#onBegin();
      return;
    }
    throw new StoreError(
      "OVERLOADED",
      "not-applied",
      `${this.#roundsMax} requests wait for replicas already`,
    );
  }

  add(round: Round): void {
    this.#onBegin();
    this.#rounds.add(round);
  }

  remove(round: Round): void {
    this.#rounds.delete(round);
  }

  onTick(nowMs: number): void {
    for (const round of this.#rounds) if (round.onTick(nowMs) === "over") this.#rounds.delete(round);
  }
}

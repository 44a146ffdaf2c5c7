/**
 * How unevenly loads lie beside their shares, as the sum of (load - share)^2 / share, and how a gap between two
 * tokens would change that, were it split: a parabola in the number of slots that the new token takes.
 */
export class Balance {
  readonly loads: Float64Array;
  readonly shares: Float64Array;
  readonly #weights: Float64Array;
  readonly #shifts: Float64Array;
  readonly #shifted: number[] = [];
  /** Of the parabola: its coefficients of 2x and of x squared. */
  slope = 0;
  curve = 0;

  constructor(loads: Float64Array, shares: Float64Array, importance: number) {
    this.loads = loads;
    this.shares = shares;
    this.#weights = shares.map((share) => importance / share);
    this.#shifts = new Float64Array(loads.length);
  }

  unevenness(): number {
    let sum = 0;
    for (let i = 0; i < this.loads.length; i++) {
      sum += (this.loads[i]! - this.shares[i]!) ** 2 * this.#weights[i]!;
    }
    return sum;
  }

  /** A range as a whole goes from one to another; a loser below 0 is nobody. */
  shift(loser: number, gainer: number, slots: number): void {
    if (loser === gainer) return;
    this.#add(gainer, slots);
    if (loser >= 0) this.#add(loser, -slots);
  }

  /** The range that is split goes in part. Call after all shifts. */
  split(loser: number, gainer: number): void {
    if (loser === gainer) return;
    this.slope = this.#excess(gainer) * this.#weights[gainer]!;
    this.curve = this.#weights[gainer]!;
    if (loser < 0) return;
    this.slope -= this.#excess(loser) * this.#weights[loser]!;
    this.curve += this.#weights[loser]!;
  }

  /** What all that does to the unevenness if `slots` of the split range go. Forgets it. */
  settle(slots: number): number {
    let change = 2 * this.slope * slots + this.curve * slots ** 2;
    for (const i of this.#shifted) {
      const after = this.#excess(i);
      change += (after ** 2 - (after - this.#shifts[i]!) ** 2) * this.#weights[i]!;
      this.#shifts[i] = 0;
    }
    this.#shifted.length = 0;
    this.slope = 0;
    this.curve = 0;
    return change;
  }

  #excess(i: number): number {
    return this.loads[i]! + this.#shifts[i]! - this.shares[i]!;
  }

  #add(i: number, slots: number): void {
    if (this.#shifts[i] === 0) this.#shifted.push(i);
    this.#shifts[i]! += slots;
  }
}

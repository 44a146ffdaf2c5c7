/**
 * Which calls a search for a linearization has made so far, and which may come next.
 *
 *   completed calls by begin:   x x x . x . . . .       x made; firstOpen is the first dot
 *   may come next:              what began before the earliest end of all dots
 *
 * So what is made lies in all before firstOpen and a short window after it, and its key is short.
 */
import type { Call, SequentialModel } from "./call.ts";

const BITS = 16;

export class Progress<Input> {
  readonly #calls: readonly Call<Input>[];
  readonly #made: Uint8Array;
  /** Indices of completed calls, and of unknown ones by kind. */
  readonly #completed: readonly number[];
  readonly #unknown: readonly (readonly number[])[];
  /** How many of each kind of unknown calls are made: always the first ones. */
  readonly #usedOf: number[];
  readonly #kindOf = new Map<number, number>();
  /** Position in #completed of the first that is not made, and one past the last that is. */
  #low = 0;
  #high = 0;

  constructor(calls: readonly Call<Input>[], model: Pick<SequentialModel<unknown, Input>, "kindOf">) {
    this.#calls = calls;
    this.#made = new Uint8Array(calls.length);
    const indices = [...calls.keys()];
    this.#completed = indices.filter((i) => calls[i]!.endedAtMs !== Infinity);
    const kinds = new Map<string, number[]>();
    for (const i of indices) {
      if (calls[i]!.endedAtMs !== Infinity) continue;
      const kind = model.kindOf(calls[i]!.input);
      const alike = kinds.get(kind);
      if (alike === undefined) kinds.set(kind, [i]);
      else alike.push(i);
    }
    this.#unknown = [...kinds.values()];
    this.#usedOf = this.#unknown.map(() => 0);
    for (const [kind, alike] of this.#unknown.entries()) for (const i of alike) this.#kindOf.set(i, kind);
  }

  /** True once every completed call is made. */
  get isDone(): boolean {
    return this.#low === this.#completed.length;
  }

  /** Index of the first completed call that is not made; the last call once all are. */
  get firstOpen(): number {
    return this.#completed[Math.min(this.#low, this.#completed.length - 1)] ?? 0;
  }

  make(index: number): void {
    this.#made[index] = 1;
    const kind = this.#kindOf.get(index);
    if (kind !== undefined) {
      this.#usedOf[kind]!++;
      return;
    }
    while (this.#low < this.#completed.length && this.#made[this.#completed[this.#low]!] === 1) this.#low++;
    while (this.#high < this.#completed.length && this.#completed[this.#high]! <= index) this.#high++;
  }

  unmake(index: number): void {
    this.#made[index] = 0;
    const kind = this.#kindOf.get(index);
    if (kind !== undefined) {
      this.#usedOf[kind]!--;
      return;
    }
    while (this.#low > 0 && this.#completed[this.#low - 1]! >= index) this.#low--;
    while (this.#high > 0 && this.#made[this.#completed[this.#high - 1]!] === 0) this.#high--;
  }

  /** Completed calls first: unknown ones are only what is needed to explain them. */
  candidates(): number[] {
    let earliestEndMs = Infinity;
    const found: number[] = [];
    const waiting = new Set<number>(); // clients, whose later calls wait for an earlier one
    for (let at = this.#low; at < this.#completed.length; at++) {
      const index = this.#completed[at]!;
      const { invokedAtMs, endedAtMs, client } = this.#calls[index]!;
      if (invokedAtMs > earliestEndMs) break;
      if (this.#made[index] === 1) continue;
      earliestEndMs = Math.min(earliestEndMs, endedAtMs);
      if (!waiting.has(client)) found.push(index);
      waiting.add(client);
    }
    for (const [kind, alike] of this.#unknown.entries()) {
      const index = alike[this.#usedOf[kind]!];
      if (index !== undefined && this.#calls[index]!.invokedAtMs <= earliestEndMs) found.push(index);
    }
    return found;
  }

  /** How many calls of each kind of unknown ones are made. Changes with every step. */
  get used(): readonly number[] {
    return this.#usedOf;
  }

  /** Equal only for equal sets of completed calls made. */
  key(): string {
    let key = `${this.#low}:`;
    let word = 0;
    for (let at = this.#low; at < this.#high; at++) {
      word |= this.#made[this.#completed[at]!]! << ((at - this.#low) % BITS);
      if ((at - this.#low) % BITS === BITS - 1 || at === this.#high - 1) {
        key += String.fromCharCode(word);
        word = 0;
      }
    }
    return key;
  }
}

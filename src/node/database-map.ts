/**
 * Under which number each database is stored. SWAPDB exchanges two numbers, and FLUSHDB takes a new one: no row is
 * touched, and every session sees the other database, or an empty one, at once.
 *
 * Invariant: where there is a keeper, it has kept every change before the map shows it. What the keeper refuses
 * has not happened.
 */
import { OWN_DATABASE } from "../storage/row-key.ts";
import { DATABASE_COUNT } from "./settings.ts";

/** Of rows that belong to the node itself: never a client's database, and no replica's business. */
export const OWN_NUMBER = OWN_DATABASE;

/** Keeps the numbers for a later life of the node: see database-row.ts. */
export interface NumberKeeper {
  /** `numbers[i]` is database i's. Throws StoreError with nothing kept. */
  keep(numbers: Uint8Array): void;
  /** Runs `clear`, which forgets every row, so that the numbers are kept all the same. */
  keepThrough<T>(clear: () => T): T;
}

export class DatabaseMap {
  #physical: Uint8Array;
  readonly #free: number[];
  readonly #keeper: NumberKeeper | undefined;
  /** Told of numbers that no database has any more. Give them back with `release` when they have no rows. */
  onAbandoned: ((physical: number) => void) | undefined = undefined;

  /** `numbers` are those of an earlier life; all but `abandoned` are without rows, or have a database's. */
  constructor(numbers?: Uint8Array, abandoned: ReadonlySet<number> = new Set(), keeper?: NumberKeeper) {
    this.#physical = numbers ?? Uint8Array.from({ length: DATABASE_COUNT }, (_, database) => database);
    this.#free = unusedNumbers(this.#physical).filter((number) => !abandoned.has(number));
    this.#keeper = keeper;
  }

  /** Hot: asked once per key. */
  physicalOf(database: number): number {
    return this.#physical[database]!;
  }

  /** Throws StoreError, with nothing done, if it cannot be kept. So do the methods below. */
  swap(a: number, b: number): void {
    const next = this.#physical.slice();
    next[a] = this.#physical[b]!;
    next[b] = this.#physical[a]!;
    this.#change(next);
  }

  /** Gives the database a number without rows. False, with nothing done, if there is none. */
  renew(database: number): boolean {
    const physical = this.#free[0];
    if (physical === undefined) return false;
    const abandoned = this.#physical[database]!;
    const next = this.#physical.slice();
    next[database] = physical;
    this.#change(next);
    this.#free.shift();
    this.onAbandoned?.(abandoned);
    return true;
  }

  release(physical: number): void {
    this.#free.push(physical);
  }

  /** Runs `clear`, which forgets every row: of the numbers nothing changes. */
  keepThrough<T>(clear: () => T): T {
    return this.#keeper === undefined ? clear() : this.#keeper.keepThrough(clear);
  }

  #change(next: Uint8Array): void {
    this.#keeper?.keep(next);
    this.#physical = next;
  }
}

/** Those that no database has, in rising order. */
export function unusedNumbers(physical: Uint8Array): number[] {
  const numbers: number[] = [];
  for (let number = 0; number < OWN_NUMBER; number++) if (!physical.includes(number)) numbers.push(number);
  return numbers;
}

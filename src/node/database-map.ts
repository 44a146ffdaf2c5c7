/**
 * Under which number each database is stored. SWAPDB exchanges two numbers, and FLUSHDB takes a new one: no row is
 * touched, and every session sees the other database, or an empty one, at once. Kept in memory only, like the
 * rows of the memory engine.
 */
import { DATABASE_COUNT } from "./settings.ts";

/** A row key has one byte for it. */
const NUMBER_COUNT = 256;

export class DatabaseMap {
  readonly #physical = Uint8Array.from({ length: DATABASE_COUNT }, (_, database) => database);
  readonly #free = Array.from({ length: NUMBER_COUNT - DATABASE_COUNT }, (_, i) => DATABASE_COUNT + i);
  /** Told of numbers that no database has any more. Give them back with `release` when they have no rows. */
  onAbandoned: ((physical: number) => void) | undefined = undefined;

  /** Hot: asked once per key. */
  physicalOf(database: number): number {
    return this.#physical[database]!;
  }

  swap(a: number, b: number): void {
    const physical = this.#physical[a]!;
    this.#physical[a] = this.#physical[b]!;
    this.#physical[b] = physical;
  }

  /** Gives the database a number without rows. False, with nothing done, if there is none. */
  renew(database: number): boolean {
    const physical = this.#free.shift();
    if (physical === undefined) return false;
    const abandoned = this.#physical[database]!;
    this.#physical[database] = physical;
    this.onAbandoned?.(abandoned);
    return true;
  }

  release(physical: number): void {
    this.#free.push(physical);
  }
}

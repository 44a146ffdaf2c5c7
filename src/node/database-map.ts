/**
 * Under which number each database is stored. SWAPDB exchanges two numbers: no row moves, and every session sees
 * the other database at once. Kept in memory only, like the rows of the memory engine.
 */
import { DATABASE_COUNT } from "./settings.ts";

export class DatabaseMap {
  readonly #physical = Uint8Array.from({ length: DATABASE_COUNT }, (_, database) => database);

  /** Hot: asked once per key. */
  physicalOf(database: number): number {
    return this.#physical[database]!;
  }

  swap(a: number, b: number): void {
    const physical = this.#physical[a]!;
    this.#physical[a] = this.#physical[b]!;
    this.#physical[b] = physical;
  }
}

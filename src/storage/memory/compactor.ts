/**
 * Gives back the memory of holes: empties the pages that have the most of them, by moving their blocks elsewhere.
 * Works in small steps: after writes, in proportion to what they freed, and whenever the engine is maintained.
 */
import type { Arena } from "./arena.ts";
import { KIND_HOLE, PAGE_UNITS, REGION_MASK, REGION_SHIFT } from "./block.ts";

/** Holes may be this part of what is live: fewer cost more moving. */
const DEAD_PART_MAX = 1 / 8;
const DEAD_UNITS_MIN = PAGE_UNITS / 2;
/** A page with fewer holes than this is not worth emptying. */
const DEAD_UNITS_OF_PAGE_MIN = PAGE_UNITS / 16;
/** Empty pages may be this part of those in use, or one region. */
const EMPTY_PART_MAX = 1 / 16;
/** At a tenth of holes, nine units are moved for each that is gained. */
const MOVED_PER_FREED = 12;
/** Should the holes be too many all the same, so many writes later they are not. */
const MOVED_PER_EXCESS = 1 / 64;
const STEP_UNITS_MIN = 64;
const STEP_UNITS_MAX = 4096;
const WORDS_BY_HAND_MAX = 64;
const NONE = -1;

/** Told where a block has gone, while both copies are there. */
export type OnMoved = (kind: number, from: number, to: number) => void;

export class Compactor {
  readonly #arena: Arena;
  readonly #onMoved: OnMoved;
  #page = NONE;
  #unit = 0;
  #deadUnitsBefore = 0;

  constructor(arena: Arena, onMoved: OnMoved) {
    this.#arena = arena;
    this.#onMoved = onMoved;
  }

  /** After a write: does a share of the work that is due. */
  stepAfterWrite(): void {
    const dead = this.#arena.deadUnits;
    const excess = dead - this.#deadUnitsMax();
    if (this.#page !== NONE || excess > 0) {
      const due = Math.max((dead - this.#deadUnitsBefore) * MOVED_PER_FREED, excess * MOVED_PER_EXCESS);
      this.step(Math.max(STEP_UNITS_MIN, Math.min(STEP_UNITS_MAX, due)));
    }
    this.#deadUnitsBefore = this.#arena.deadUnits;
  }

  /** Moves about `unitsMax` units. False if nothing is left to do. */
  step(unitsMax: number): boolean {
    let left = unitsMax;
    while (left > 0) {
      if (this.#page === NONE && !this.#choosePage()) return false;
      const page = this.#page;
      this.#unit = this.#arena.walk(page, this.#unit, (from, units, kind) => {
        if (kind !== KIND_HOLE) {
          this.#move(kind, from, units);
          left -= units;
        }
        left -= 1;
        return left > 0;
      });
      if (this.#unit === 0) {
        this.#page = NONE;
        this.#arena.unseal();
      }
    }
    return true;
  }

  /** Forgets what was begun. Requires: the arena has been cleared. */
  clear(): void {
    this.#page = NONE;
    this.#deadUnitsBefore = 0;
  }

  #deadUnitsMax(): number {
    return Math.max(DEAD_UNITS_MIN, this.#arena.liveUnits * DEAD_PART_MAX);
  }

  #choosePage(): boolean {
    const arena = this.#arena;
    let page = NONE;
    if (arena.deadUnits > this.#deadUnitsMax())
      page = arena.emptiestPage(PAGE_UNITS - DEAD_UNITS_OF_PAGE_MIN);
    if (page === NONE) {
      const emptyPagesMax = Math.max(arena.shape.regionPages, arena.usedPages * EMPTY_PART_MAX);
      if (arena.emptyPages > emptyPagesMax) page = arena.pageToDrain();
      else arena.stopDraining();
    }
    if (page === NONE) return false;
    arena.seal(page);
    this.#page = page;
    this.#unit = 0;
    return true;
  }

  #move(kind: number, from: number, units: number): void {
    const to = this.#arena.allocate(units);
    const { wordShift } = this.#arena.shape;
    const words = this.#arena.words[from >>> REGION_SHIFT]!;
    const at = (from & REGION_MASK) << wordShift;
    const toWords = this.#arena.words[to >>> REGION_SHIFT]!;
    const toAt = (to & REGION_MASK) << wordShift;
    const wordCount = units << wordShift;
    if (wordCount > WORDS_BY_HAND_MAX) toWords.set(words.subarray(at, at + wordCount), toAt);
    else for (let i = 0; i < wordCount; i++) toWords[toAt + i] = words[at + i]!;
    this.#onMoved(kind, from, to);
    this.#arena.free(from, units);
  }
}

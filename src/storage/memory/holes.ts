/**
 * The free blocks inside pages, by size: one list for each size up to 1 KiB, then eight per doubling.
 * Source: Masmano et al. 2004, "TLSF: a new dynamic memory allocator for real-time systems" (good fit, in
 * constant time, by a bitmap of the lists that are not empty).
 *
 * A hole is a block of kind 0 and keeps its list's links:
 *   word 0  previous hole (meaningless in the first of a list)
 *   word 1  size in units
 *   word 2  next hole, or 0
 * A hole of one unit has no room for links: it is in no list, and waits for the compactor.
 */
import { blockWord, KIND_HOLE, PAGE_SHIFT, REGION_MASK, REGION_SHIFT } from "./block.ts";

const EXACT_UNITS_MAX = 128;
const EXACT_SHIFT = 7;
const LIST_COUNT = EXACT_UNITS_MAX + 1 + (PAGE_SHIFT - EXACT_SHIFT) * 8;

export class Holes {
  readonly #words: readonly Int32Array[];
  readonly #wordShift: number;
  readonly #heads = new Int32Array(LIST_COUNT);
  readonly #occupied = new Int32Array((LIST_COUNT + 31) >>> 5);

  /** `words` are the arena's regions, `wordShift` the size of its units. */
  constructor(words: readonly Int32Array[], wordShift: number) {
    this.#words = words;
    this.#wordShift = wordShift;
  }

  /** Makes a hole of the block, in no list. */
  mark(address: number, units: number): void {
    this.#words[regionOf(address)]![this.#wordOf(address) + 1] = blockWord(KIND_HOLE, units);
  }

  /** Makes a hole of the block that can be taken. */
  add(address: number, units: number): void {
    const words = this.#words[regionOf(address)]!;
    const at = this.#wordOf(address);
    words[at + 1] = blockWord(KIND_HOLE, units);
    if (units < 2) return;
    const list = listOf(units);
    const next = this.#heads[list]!;
    words[at + 2] = next;
    if (next !== 0) this.#words[regionOf(next)]![this.#wordOf(next)] = address;
    this.#heads[list] = address;
    this.#occupied[list >>> 5]! |= 1 << (list & 31);
  }

  /** Takes a hole off its list. */
  remove(address: number, units: number): void {
    if (units < 2) return;
    const words = this.#words[regionOf(address)]!;
    const at = this.#wordOf(address);
    const next = words[at + 2]!;
    const list = listOf(units);
    if (this.#heads[list] === address) {
      this.#heads[list] = next;
      if (next === 0) this.#occupied[list >>> 5]! &= ~(1 << (list & 31));
      return;
    }
    const previous = words[at]!;
    this.#words[regionOf(previous)]![this.#wordOf(previous) + 2] = next;
    if (next !== 0) this.#words[regionOf(next)]![this.#wordOf(next)] = previous;
  }

  /** Takes exactly `units` from a hole that has them, or returns 0. What is left over stays a hole. */
  take(units: number): number {
    if (units <= EXACT_UNITS_MAX) {
      const address = this.#heads[units]!;
      if (address !== 0) {
        this.remove(address, units);
        return address;
      }
    }
    const list = this.#firstOccupied(listOf(units) + 1);
    if (list < 0) return 0;
    const address = this.#heads[list]!;
    const holeUnits = this.#words[regionOf(address)]![this.#wordOf(address) + 1]!;
    this.remove(address, holeUnits);
    this.add(address + units, holeUnits - units);
    return address;
  }

  clear(): void {
    this.#heads.fill(0);
    this.#occupied.fill(0);
  }

  #wordOf(address: number): number {
    return (address & REGION_MASK) << this.#wordShift;
  }

  #firstOccupied(from: number): number {
    let word = from >>> 5;
    let bits = (this.#occupied[word] ?? 0) & (-1 << (from & 31));
    while (bits === 0) {
      word++;
      if (word >= this.#occupied.length) return -1;
      bits = this.#occupied[word]!;
    }
    return (word << 5) + 31 - Math.clz32(bits & -bits);
  }
}

function regionOf(address: number): number {
  return address >>> REGION_SHIFT;
}

function listOf(units: number): number {
  if (units <= EXACT_UNITS_MAX) return units;
  const exponent = 31 - Math.clz32(units);
  const eighth = (units >>> (exponent - 3)) & 7;
  return EXACT_UNITS_MAX + 1 + (exponent - EXACT_SHIFT) * 8 + eighth;
}

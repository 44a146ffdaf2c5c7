/**
 * Leaves and branches of the order of rows (see row-order.ts), as they lie in the arena.
 *
 *   leaf     word 0  slot << 18 | rows
 *            word 1  kind, size; bit 26: the rows stand in order
 *            ...     addresses of rows
 *   branch   word 0  slot << 18 | children
 *            word 1  kind, size
 *            ...     (prefix, address) of children in order; a child has the row keys from its prefix, as an
 *                    unsigned number, to the next one's; a tree's very first prefix is 0
 *
 * prefix: the four bytes of a row key after the slot (database, position, length of the key).
 */
import { AssertionError } from "../../base/assert.ts";
import type { Arena } from "./arena.ts";
import { blockWord, KIND_LEAF, kindAt, REGION_MASK, REGION_SHIFT, unitsAt } from "./block.ts";

const HEADER_WORDS = 2;
const SLOT_SHIFT = 18;
const COUNT_MASK = (1 << SLOT_SHIFT) - 1;
const SORTED = 1 << 26;

export class OrderBlocks {
  readonly #arena: Arena;
  readonly #words: readonly Int32Array[];

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#words = arena.words;
  }

  /** Room for `capacity` rows, or for half as many children. */
  create(kind: number, slot: number, capacity: number): number {
    const units = (HEADER_WORDS + capacity + 1) >>> 1;
    const block = this.#arena.allocate(units);
    const words = this.words(block);
    const at = (block & REGION_MASK) << 1;
    words[at] = slot << SLOT_SHIFT;
    words[at + 1] = blockWord(kind, units);
    return block;
  }

  /** A copy with another capacity, in place of `block`. */
  resize(block: number, capacity: number): number {
    const words = this.words(block);
    const at = (block & REGION_MASK) << 1;
    const kind = kindAt(words, at);
    const to = this.create(kind, this.slotOf(block), capacity);
    const wordCount = (words[at]! & COUNT_MASK) * (kind === KIND_LEAF ? 1 : 2);
    const toWords = this.words(to);
    const toAt = (to & REGION_MASK) << 1;
    for (let i = 0; i < wordCount; i++) toWords[toAt + HEADER_WORDS + i] = words[at + HEADER_WORDS + i]!;
    toWords[toAt] = words[at]!;
    toWords[toAt + 1]! |= words[at + 1]! & SORTED;
    this.free(block);
    return to;
  }

  free(block: number): void {
    this.#arena.free(block, unitsAt(this.words(block), (block & REGION_MASK) << 1));
  }

  words(block: number): Int32Array {
    return this.#words[block >>> REGION_SHIFT]!;
  }

  /** Index, in its words, of the first row or child. */
  firstOf(block: number): number {
    return ((block & REGION_MASK) << 1) + HEADER_WORDS;
  }

  isLeaf(block: number): boolean {
    return kindAt(this.words(block), (block & REGION_MASK) << 1) === KIND_LEAF;
  }

  slotOf(block: number): number {
    return this.words(block)[(block & REGION_MASK) << 1]! >>> SLOT_SHIFT;
  }

  /** Rows of a leaf, children of a branch. */
  countOf(block: number): number {
    return this.words(block)[(block & REGION_MASK) << 1]! & COUNT_MASK;
  }

  setCount(block: number, count: number): void {
    const words = this.words(block);
    const at = (block & REGION_MASK) << 1;
    words[at] = (words[at]! & ~COUNT_MASK) | count;
  }

  /** In words: rows of a leaf, twice the children of a branch. */
  capacityOf(block: number): number {
    return 2 * unitsAt(this.words(block), (block & REGION_MASK) << 1) - HEADER_WORDS;
  }

  isSorted(leaf: number): boolean {
    return (this.words(leaf)[((leaf & REGION_MASK) << 1) + 1]! & SORTED) !== 0;
  }

  setSorted(leaf: number, isSorted: boolean): void {
    const words = this.words(leaf);
    const at = ((leaf & REGION_MASK) << 1) + 1;
    words[at] = isSorted ? words[at]! | SORTED : words[at]! & ~SORTED;
  }

  /** Index, in the leaf's words, of the row. */
  placeOf(leaf: number, row: number): number {
    const words = this.words(leaf);
    const first = this.firstOf(leaf);
    const end = first + this.countOf(leaf);
    for (let place = first; place < end; place++) if (words[place] === row) return place;
    throw new AssertionError("a row is in the leaf of its prefix");
  }

  prefixAt(branch: number, child: number): number {
    return this.words(branch)[this.firstOf(branch) + 2 * child]!;
  }

  childAt(branch: number, child: number): number {
    return this.words(branch)[this.firstOf(branch) + 2 * child + 1]!;
  }

  setChild(branch: number, child: number, prefix: number, block: number): void {
    const words = this.words(branch);
    const place = this.firstOf(branch) + 2 * child;
    words[place] = prefix;
    words[place + 1] = block;
  }

  /** The child of a branch that has the prefix: the last whose own is not above it. */
  childOf(branch: number, prefix: number): number {
    const words = this.words(branch);
    const first = this.firstOf(branch);
    let low = 0;
    let high = this.countOf(branch) - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (words[first + 2 * middle]! >>> 0 <= prefix >>> 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

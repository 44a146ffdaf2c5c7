/**
 * The order of rows: per slot a B+ tree of row addresses in the arena.
 *
 *   leaf     word 0  slot << 18 | rows
 *            word 1  kind, size; bit 26: the rows stand in order
 *            ...     addresses of rows
 *   branch   word 0  slot << 18 | children
 *            word 1  kind, size
 *            ...     (prefix, address) of children in order; a child has the row keys from its prefix, as an
 *                    unsigned number, to the next one's; a tree's very first prefix is 0
 *
 * prefix: the four bytes of a row key after the slot (database, position, length of the key). Rows of one prefix
 * are never parted, so a leaf may become large if somebody makes the positions of many keys alike on purpose.
 * A leaf is sorted when it is first scanned, not when it is written: adding a row costs one store.
 *
 * Hot: every write of a new row; watched by bench/memory-engine.ts.
 */
import { AssertionError } from "../../base/assert.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import { slotOfRow } from "../row-key.ts";
import type { Arena } from "./arena.ts";
import {
  blockWord,
  KIND_BRANCH,
  KIND_LEAF,
  keyLengthAt,
  keyWordAt,
  kindAt,
  PAGE_SHIFT,
  UNIT_MASK,
  unitsAt,
} from "./block.ts";

const HEADER_WORDS = 2;
const COUNT_MASK = (1 << 18) - 1;
const SLOT_SHIFT = 18;
const SORTED = 1 << 26;
/** A leaf of this many rows splits rather than grows, if it can. */
const LEAF_ROWS_MAX = 128;
const BRANCH_CHILDREN_MAX = 128;
const NONE = 0;

export class RowOrder {
  readonly #arena: Arena;
  readonly #words: readonly Int32Array[];
  readonly #roots = new Int32Array(SLOT_COUNT);
  /** The way to the last leaf that was looked for: branches, and which child of each. */
  readonly #path: { branch: number; child: number }[] = [];
  #pathLength = 0;
  #version = 0;
  #scratch = new Float64Array(2 * LEAF_ROWS_MAX);

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#words = arena.words;
  }

  /** Changes whenever a cursor may have become wrong. */
  get version(): number {
    return this.#version;
  }

  get tableBytes(): number {
    return this.#roots.byteLength;
  }

  /** Requires: the row is in the arena, and not here. */
  insert(address: number): void {
    this.#version++;
    const slot = this.#slotOf(address);
    let leaf = this.#findLeaf(slot, this.#prefixOf(address));
    if (leaf === NONE) leaf = this.#roots[slot] = this.#create(KIND_LEAF, slot, 2);
    else if (this.#countOf(leaf) === this.#capacityOf(leaf)) leaf = this.#makePlace(leaf, slot, address);
    const words = this.#words[leaf >>> PAGE_SHIFT]!;
    const at = (leaf & UNIT_MASK) << 1;
    words[at + HEADER_WORDS + (words[at]! & COUNT_MASK)] = address;
    words[at]!++;
    words[at + 1]! &= ~SORTED;
  }

  /** Requires: the row is here, and still in the arena. */
  remove(address: number): void {
    this.#version++;
    const slot = this.#slotOf(address);
    const leaf = this.#findLeaf(slot, this.#prefixOf(address));
    const words = this.#words[leaf >>> PAGE_SHIFT]!;
    const at = (leaf & UNIT_MASK) << 1;
    const first = at + HEADER_WORDS;
    const last = first + (words[at]! & COUNT_MASK) - 1;
    const place = placeOf(words, first, address);
    if ((words[at + 1]! & SORTED) !== 0) words.copyWithin(place, place + 1, last + 1);
    else words[place] = words[last]!;
    words[at]!--;
    const count = words[at]! & COUNT_MASK;
    if (count === 0) this.#dropChild(leaf, slot);
    else if (count * 2 + 4 < this.#capacityOf(leaf)) this.#resize(leaf, slot, roomFor(count));
  }

  /** The row has moved; both places hold its key. */
  replace(from: number, to: number): void {
    this.#version++;
    const leaf = this.#findLeaf(this.#slotOf(to), this.#prefixOf(to));
    const words = this.#words[leaf >>> PAGE_SHIFT]!;
    words[placeOf(words, ((leaf & UNIT_MASK) << 1) + HEADER_WORDS, from)] = to;
  }

  /** The compactor has moved a leaf or a branch. */
  blockMoved(from: number, to: number): void {
    this.#version++;
    const words = this.#words[to >>> PAGE_SHIFT]!;
    const at = (to & UNIT_MASK) << 1;
    const isLeaf = kindAt(words, at) === KIND_LEAF;
    const inside = words[at + HEADER_WORDS]!;
    const slot = words[at]! >>> SLOT_SHIFT;
    this.#findLeaf(slot, isLeaf ? this.#prefixOf(inside) : inside, from);
    this.#point(slot, to);
  }

  /**
   * First row of the slot whose row key is `from` or after, sorting its leaf; the cursor then stands there.
   * Requires: `from` is not in a later slot.
   */
  seek(slot: number, from: Uint8Array, fromLength: number, cursor: LeafCursor): boolean {
    const isInSlot = fromLength >= 2 && slotOfRow(from, 0) === slot;
    let leaf = this.#findLeaf(slot, isInSlot ? prefixOf(from, fromLength) : 0);
    if (leaf === NONE) return false;
    for (;;) {
      this.#sort(leaf);
      cursor.leaf = leaf;
      cursor.index = this.#lowerBound(leaf, from, fromLength);
      if (cursor.index < this.#countOf(leaf)) return true;
      leaf = this.#nextLeaf();
      if (leaf === NONE) return false;
    }
  }

  /** Moves on inside the leaf. Requires: no row has been written since `seek`. */
  advance(cursor: LeafCursor): boolean {
    cursor.index++;
    return cursor.index < this.#countOf(cursor.leaf);
  }

  /** Address of the row at the cursor. */
  at(cursor: LeafCursor): number {
    return this.#words[cursor.leaf >>> PAGE_SHIFT]![
      ((cursor.leaf & UNIT_MASK) << 1) + HEADER_WORDS + cursor.index
    ]!;
  }

  /** Calls `visit` for the rows of the slot, in no order. `visit` must not write. */
  forEachRow(slot: number, visit: (row: number) => void): void {
    for (let leaf = this.#findLeaf(slot, 0); leaf !== NONE; leaf = this.#nextLeaf()) {
      const words = this.#words[leaf >>> PAGE_SHIFT]!;
      const first = ((leaf & UNIT_MASK) << 1) + HEADER_WORDS;
      const count = words[first - HEADER_WORDS]! & COUNT_MASK;
      for (let i = 0; i < count; i++) visit(words[first + i]!);
    }
  }

  /** First slot from `slot` on that has rows; SLOT_COUNT if none. */
  nextSlot(slot: number): number {
    let next = slot;
    while (next < SLOT_COUNT && this.#roots[next] === NONE) next++;
    return next;
  }

  /** Forgets all. Requires: the arena has been cleared. */
  clear(): void {
    this.#version++;
    this.#roots.fill(NONE);
  }

  #slotOf(row: number): number {
    const words = this.#words[row >>> PAGE_SHIFT]!;
    const bytes = this.#arena.bytes[row >>> PAGE_SHIFT]!;
    const key = keyWordAt(words, (row & UNIT_MASK) << 1) << 2;
    return (bytes[key]! << 8) | bytes[key + 1]!;
  }

  #prefixOf(row: number): number {
    const words = this.#words[row >>> PAGE_SHIFT]!;
    const bytes = this.#arena.bytes[row >>> PAGE_SHIFT]!;
    const key = keyWordAt(words, (row & UNIT_MASK) << 1) << 2;
    return (bytes[key + 2]! << 24) | (bytes[key + 3]! << 16) | (bytes[key + 4]! << 8) | bytes[key + 5]!;
  }

  /** The leaf, or the block `stopAt` above it, that has the prefix; the path then leads to it. */
  #findLeaf(slot: number, prefix: number, stopAt: number = NONE): number {
    this.#pathLength = 0;
    let block = this.#roots[slot]!;
    while (block !== NONE && block !== stopAt) {
      const words = this.#words[block >>> PAGE_SHIFT]!;
      const at = (block & UNIT_MASK) << 1;
      if (kindAt(words, at) === KIND_LEAF) break;
      const child = childOf(words, at, prefix >>> 0);
      this.#push(block, child);
      block = words[at + HEADER_WORDS + 2 * child + 1]!;
    }
    return block;
  }

  #push(branch: number, child: number): void {
    const step = this.#path[this.#pathLength];
    if (step === undefined) this.#path.push({ branch, child });
    else {
      step.branch = branch;
      step.child = child;
    }
    this.#pathLength++;
  }

  /** The leaf after the one the path leads to, or 0; the path then leads to it. */
  #nextLeaf(): number {
    let level = this.#pathLength - 1;
    while (level >= 0 && this.#path[level]!.child + 1 >= this.#countOf(this.#path[level]!.branch)) level--;
    if (level < 0) return NONE;
    this.#path[level]!.child++;
    this.#pathLength = level + 1;
    for (;;) {
      const { branch, child } = this.#path[this.#pathLength - 1]!;
      const words = this.#words[branch >>> PAGE_SHIFT]!;
      const block = words[((branch & UNIT_MASK) << 1) + HEADER_WORDS + 2 * child + 1]!;
      if (kindAt(this.#words[block >>> PAGE_SHIFT]!, (block & UNIT_MASK) << 1) === KIND_LEAF) return block;
      this.#push(block, 0);
    }
  }

  /** Makes the parent at the end of the path, or the slot's root, point at `block`. */
  #point(slot: number, block: number): void {
    if (this.#pathLength === 0) {
      this.#roots[slot] = block;
      return;
    }
    const { branch, child } = this.#path[this.#pathLength - 1]!;
    this.#words[branch >>> PAGE_SHIFT]![((branch & UNIT_MASK) << 1) + HEADER_WORDS + 2 * child + 1] = block;
  }

  #countOf(block: number): number {
    return this.#words[block >>> PAGE_SHIFT]![(block & UNIT_MASK) << 1]! & COUNT_MASK;
  }

  /** In words: rows of a leaf, twice the children of a branch. */
  #capacityOf(block: number): number {
    return 2 * unitsAt(this.#words[block >>> PAGE_SHIFT]!, (block & UNIT_MASK) << 1) - HEADER_WORDS;
  }

  #create(kind: number, slot: number, capacity: number): number {
    const units = (HEADER_WORDS + capacity + 1) >>> 1;
    const block = this.#arena.allocate(units);
    const words = this.#words[block >>> PAGE_SHIFT]!;
    const at = (block & UNIT_MASK) << 1;
    words[at] = slot << SLOT_SHIFT;
    words[at + 1] = blockWord(kind, units);
    return block;
  }

  #free(block: number): void {
    this.#arena.free(block, unitsAt(this.#words[block >>> PAGE_SHIFT]!, (block & UNIT_MASK) << 1));
  }

  /** Moves a block of the path into one of another capacity. Returns the new one. */
  #resize(block: number, slot: number, capacity: number): number {
    const words = this.#words[block >>> PAGE_SHIFT]!;
    const at = (block & UNIT_MASK) << 1;
    const kind = kindAt(words, at);
    const to = this.#create(kind, slot, capacity);
    const count = words[at]! & COUNT_MASK;
    const wordCount = kind === KIND_LEAF ? count : 2 * count;
    const toWords = this.#words[to >>> PAGE_SHIFT]!;
    const toAt = (to & UNIT_MASK) << 1;
    for (let i = 0; i < wordCount; i++) toWords[toAt + HEADER_WORDS + i] = words[at + HEADER_WORDS + i]!;
    toWords[toAt] = words[at]!;
    toWords[toAt + 1]! |= words[at + 1]! & SORTED & (kind === KIND_LEAF ? -1 : 0);
    this.#point(slot, to);
    this.#free(block);
    return to;
  }

  /** Makes a full leaf larger, or splits it. Returns the leaf for the row. */
  #makePlace(leaf: number, slot: number, row: number): number {
    const count = this.#countOf(leaf);
    if (count >= LEAF_ROWS_MAX) {
      const middle = this.#sortByPrefix(leaf);
      if (middle > 0) {
        this.#splitLeaf(leaf, slot, middle);
        const half = this.#findLeaf(slot, this.#prefixOf(row));
        return this.#countOf(half) < this.#capacityOf(half) ? half : this.#makePlace(half, slot, row);
      }
    }
    return this.#resize(leaf, slot, roomFor(count));
  }

  /** Sorts a leaf by prefix only. Returns where to split it, or 0 if all rows have one prefix. */
  #sortByPrefix(leaf: number): number {
    const words = this.#words[leaf >>> PAGE_SHIFT]!;
    const first = ((leaf & UNIT_MASK) << 1) + HEADER_WORDS;
    const count = this.#countOf(leaf);
    const order = this.#prefixes(words, first, count);
    const rows = words.slice(first, first + count);
    for (let i = 0; i < count; i++) words[first + i] = rows[order[i]! % ORDER_RADIX]!;
    const prefixAt = (i: number): number => Math.floor(order[i]! / ORDER_RADIX);
    for (let distance = 0; distance < count; distance++) {
      for (const i of [(count >> 1) - distance, (count >> 1) + distance]) {
        if (i > 0 && i < count && prefixAt(i) !== prefixAt(i - 1)) return i;
      }
    }
    return 0;
  }

  /** The rows' prefixes in order, each with the row's index below it. */
  #prefixes(words: Int32Array, first: number, count: number): Float64Array {
    if (this.#scratch.length < count) this.#scratch = new Float64Array(2 * count);
    const order = this.#scratch.subarray(0, count);
    for (let i = 0; i < count; i++) order[i] = (this.#prefixOf(words[first + i]!) >>> 0) * ORDER_RADIX + i;
    return order.sort();
  }

  #splitLeaf(leaf: number, slot: number, middle: number): void {
    const count = this.#countOf(leaf);
    const upper = this.#create(KIND_LEAF, slot, roomFor(count - middle));
    const words = this.#words[leaf >>> PAGE_SHIFT]!;
    const at = (leaf & UNIT_MASK) << 1;
    const upperWords = this.#words[upper >>> PAGE_SHIFT]!;
    const upperAt = (upper & UNIT_MASK) << 1;
    for (let i = middle; i < count; i++) {
      upperWords[upperAt + HEADER_WORDS + i - middle] = words[at + HEADER_WORDS + i]!;
    }
    upperWords[upperAt]! += count - middle;
    words[at]! -= count - middle;
    words[at + 1]! &= ~SORTED;
    const prefix = this.#prefixOf(upperWords[upperAt + HEADER_WORDS]!);
    this.#resize(leaf, slot, roomFor(middle));
    this.#addChild(slot, prefix, upper);
  }

  /** Adds a block after the one that the path leads to. */
  #addChild(slot: number, prefix: number, block: number): void {
    if (this.#pathLength === 0) {
      const root = this.#create(KIND_BRANCH, slot, 8);
      this.#setChild(root, 0, 0, this.#roots[slot]!);
      this.#setChild(root, 1, prefix, block);
      this.#words[root >>> PAGE_SHIFT]![(root & UNIT_MASK) << 1]! += 2;
      this.#roots[slot] = root;
      return;
    }
    this.#pathLength--;
    let { branch, child } = this.#path[this.#pathLength]!;
    let count = this.#countOf(branch);
    if (count === BRANCH_CHILDREN_MAX) {
      branch = this.#splitBranch(branch, slot, child);
      if (child >= count >> 1) child -= count >> 1;
      count = this.#countOf(branch);
    }
    if (2 * count === this.#capacityOf(branch)) branch = this.#resize(branch, slot, 2 * roomFor(count));
    const words = this.#words[branch >>> PAGE_SHIFT]!;
    const at = (branch & UNIT_MASK) << 1;
    const place = at + HEADER_WORDS + 2 * (child + 1);
    words.copyWithin(place + 2, place, at + HEADER_WORDS + 2 * count);
    this.#setChild(branch, child + 1, prefix, block);
    words[at]!++;
  }

  /** Splits a full branch that the path leads to. Returns the half with the child, and points the path at it. */
  #splitBranch(branch: number, slot: number, child: number): number {
    const count = this.#countOf(branch);
    const middle = count >> 1;
    const upper = this.#create(KIND_BRANCH, slot, 2 * BRANCH_CHILDREN_MAX);
    const words = this.#words[branch >>> PAGE_SHIFT]!;
    const at = (branch & UNIT_MASK) << 1;
    for (let i = middle; i < count; i++) {
      const place = at + HEADER_WORDS + 2 * i;
      this.#setChild(upper, i - middle, words[place]!, words[place + 1]!);
    }
    this.#words[upper >>> PAGE_SHIFT]![(upper & UNIT_MASK) << 1]! += count - middle;
    words[at]! -= count - middle;
    const prefix = words[at + HEADER_WORDS + 2 * middle]!;
    const isInUpper = child >= middle;
    const within = isInUpper ? this.#prefixAt(upper, child - middle) : this.#prefixAt(branch, child);
    this.#addChild(slot, prefix, upper);
    const wanted = isInUpper ? upper : branch;
    this.#findLeaf(slot, within, wanted);
    return wanted;
  }

  #prefixAt(branch: number, child: number): number {
    return this.#words[branch >>> PAGE_SHIFT]![((branch & UNIT_MASK) << 1) + HEADER_WORDS + 2 * child]!;
  }

  #setChild(branch: number, child: number, prefix: number, block: number): void {
    const words = this.#words[branch >>> PAGE_SHIFT]!;
    const place = ((branch & UNIT_MASK) << 1) + HEADER_WORDS + 2 * child;
    words[place] = prefix;
    words[place + 1] = block;
  }

  /** Frees an empty block at the end of the path, and every branch above that becomes empty with it. */
  #dropChild(block: number, slot: number): void {
    this.#free(block);
    if (this.#pathLength === 0) {
      this.#roots[slot] = NONE;
      return;
    }
    this.#pathLength--;
    const { branch, child } = this.#path[this.#pathLength]!;
    const words = this.#words[branch >>> PAGE_SHIFT]!;
    const at = (branch & UNIT_MASK) << 1;
    const count = (words[at]! & COUNT_MASK) - 1;
    if (count === 0) {
      this.#dropChild(branch, slot);
      return;
    }
    const first = at + HEADER_WORDS;
    const lowest = words[first]!;
    words.copyWithin(first + 2 * child, first + 2 * (child + 1), first + 2 * (count + 1));
    words[first] = lowest; // what was before the first child's rows is now the second's
    words[at]!--;
    if (count === 1 && this.#pathLength === 0) {
      this.#roots[slot] = words[first + 1]!;
      this.#free(branch);
    }
  }

  /** Sorts a leaf by row key. */
  #sort(leaf: number): void {
    const words = this.#words[leaf >>> PAGE_SHIFT]!;
    const at = (leaf & UNIT_MASK) << 1;
    if ((words[at + 1]! & SORTED) !== 0) return;
    const count = words[at]! & COUNT_MASK;
    const first = at + HEADER_WORDS;
    const order = this.#prefixes(words, first, count);
    const rows = words.slice(first, first + count);
    for (let i = 0; i < count; ) {
      const prefix = Math.floor(order[i]! / ORDER_RADIX);
      let end = i + 1;
      while (end < count && Math.floor(order[end]! / ORDER_RADIX) === prefix) end++;
      const alike = Array.from(order.subarray(i, end), (number) => rows[number % ORDER_RADIX]!);
      if (alike.length > 1) alike.sort((a, b) => this.#compareRows(a, b));
      words.set(alike, first + i);
      i = end;
    }
    words[at + 1]! |= SORTED;
  }

  /** Index of the first row of a sorted leaf that is `from` or after. */
  #lowerBound(leaf: number, from: Uint8Array, fromLength: number): number {
    const words = this.#words[leaf >>> PAGE_SHIFT]!;
    const first = ((leaf & UNIT_MASK) << 1) + HEADER_WORDS;
    let low = 0;
    let high = this.#countOf(leaf);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compareWith(words[first + middle]!, from, fromLength) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Order of the row at `row` to `other[0, otherLength)`, as compareRowKeys. */
  compareWith(row: number, other: Uint8Array, otherLength: number): number {
    const bytes = this.#arena.bytes[row >>> PAGE_SHIFT]!;
    const words = this.#words[row >>> PAGE_SHIFT]!;
    const at = (row & UNIT_MASK) << 1;
    const start = keyWordAt(words, at) << 2;
    const length = keyLengthAt(words, at);
    const common = Math.min(length, otherLength);
    for (let i = 0; i < common; i++) {
      const difference = bytes[start + i]! - other[i]!;
      if (difference !== 0) return difference;
    }
    return length - otherLength;
  }

  #compareRows(a: number, b: number): number {
    const words = this.#words[b >>> PAGE_SHIFT]!;
    const at = (b & UNIT_MASK) << 1;
    const start = keyWordAt(words, at) << 2;
    const length = keyLengthAt(words, at);
    return this.compareWith(a, this.#arena.bytes[b >>> PAGE_SHIFT]!.subarray(start, start + length), length);
  }
}

/** A place in a leaf. */
export interface LeafCursor {
  leaf: number;
  index: number;
}

/** A leaf's rows are told apart by what a prefix, times this, leaves room for. */
const ORDER_RADIX = 1 << 18;

/** Capacity for one more than `count`, and a little growth. */
function roomFor(count: number): number {
  return count + Math.max(2, (count >> 2) & ~1) + (count & 1);
}

function prefixOf(rowKey: Uint8Array, length: number): number {
  let prefix = 0;
  for (let i = 2; i < 6; i++) prefix = (prefix << 8) | (i < length ? rowKey[i]! : 0);
  return prefix;
}

/** Word of the row in a leaf whose rows begin at `first`. */
function placeOf(words: Int32Array, first: number, address: number): number {
  const end = first + (words[first - HEADER_WORDS]! & COUNT_MASK);
  for (let place = first; place < end; place++) if (words[place] === address) return place;
  throw new AssertionError("a row is in its leaf");
}

/** The child of a branch that has the prefix: the last whose own is not above it. */
function childOf(words: Int32Array, at: number, prefix: number): number {
  let low = 0;
  let high = (words[at]! & COUNT_MASK) - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (words[at + HEADER_WORDS + 2 * middle]! >>> 0 <= prefix) low = middle;
    else high = middle - 1;
  }
  return low;
}

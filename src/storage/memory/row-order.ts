/**
 * The order of rows: per slot a B+ tree of row addresses in the arena (drawn in order-block.ts).
 *
 * Rows of one prefix are never parted, so a leaf may become large if somebody makes the scan positions of many keys
 * alike on purpose; past a quarter of a million such keys they are refused.
 *
 * Hot: every write of a new row; watched by bench/memory-engine.ts.
 */
import { StoreError } from "../../base/errors.ts";
import { slotOfRow } from "../row-key.ts";
import type { Arena } from "./arena.ts";
import { KIND_BRANCH, KIND_LEAF } from "./block.ts";
import { LeafSorter } from "./leaf-sorter.ts";
import { OrderBlocks } from "./order-block.ts";
import { prefixOfRowKey, RowKeyReader } from "./row-key-reader.ts";
import { NO_BLOCK, TreePath } from "./tree-path.ts";

/** A leaf of this many rows splits rather than grows, if it can. */
const LEAF_ROWS_MAX = 128;
const LEAF_ROWS_LIMIT = 200_000;
const BRANCH_CHILDREN_MAX = 128;

/** A place in a leaf. */
export interface LeafCursor {
  leaf: number;
  index: number;
}

export class RowOrder {
  readonly #blocks: OrderBlocks;
  readonly #keys: RowKeyReader;
  readonly #path: TreePath;
  readonly #sorter: LeafSorter;
  #version = 0;

  constructor(arena: Arena) {
    this.#blocks = new OrderBlocks(arena);
    this.#keys = new RowKeyReader(arena);
    this.#path = new TreePath(this.#blocks);
    this.#sorter = new LeafSorter(this.#blocks, this.#keys);
  }

  /** Changes whenever a cursor may have become wrong. */
  get version(): number {
    return this.#version;
  }

  get tableBytes(): number {
    return this.#path.tableBytes;
  }

  /** Requires: the row is in the arena, and not here. Throws StoreError OUT_OF_MEMORY (nothing changed). */
  insert(row: number): void {
    this.#version++;
    const slot = this.#keys.slotOf(row);
    const prefix = this.#keys.prefixOf(row);
    let leaf = this.#path.find(slot, prefix);
    if (leaf === NO_BLOCK) {
      leaf = this.#blocks.create(KIND_LEAF, slot, 2);
      this.#path.point(leaf);
    } else if (this.#blocks.countOf(leaf) === this.#blocks.capacityOf(leaf)) {
      leaf = this.#makePlace(leaf, prefix);
    }
    const count = this.#blocks.countOf(leaf);
    this.#blocks.words(leaf)[this.#blocks.firstOf(leaf) + count] = row;
    this.#blocks.setCount(leaf, count + 1);
    this.#blocks.setSorted(leaf, false);
  }

  /** Requires: the row is here, and still in the arena. */
  remove(row: number): void {
    this.#version++;
    const leaf = this.#path.find(this.#keys.slotOf(row), this.#keys.prefixOf(row));
    const words = this.#blocks.words(leaf);
    const place = this.#blocks.placeOf(leaf, row);
    const count = this.#blocks.countOf(leaf) - 1;
    const last = this.#blocks.firstOf(leaf) + count;
    if (this.#blocks.isSorted(leaf)) words.copyWithin(place, place + 1, last + 1);
    else words[place] = words[last]!;
    this.#blocks.setCount(leaf, count);
    if (count === 0) this.#drop(leaf);
    else if (count * 2 + 4 < this.#blocks.capacityOf(leaf)) this.#resize(leaf, roomFor(count));
  }

  /** The row has moved; both places hold its key. Cursors stay right. */
  replace(from: number, to: number): void {
    const leaf = this.#path.find(this.#keys.slotOf(to), this.#keys.prefixOf(to));
    this.#blocks.words(leaf)[this.#blocks.placeOf(leaf, from)] = to;
  }

  /** The compactor has moved a leaf or a branch. */
  blockMoved(from: number, to: number): void {
    this.#version++;
    const first = this.#blocks.words(to)[this.#blocks.firstOf(to)]!;
    const prefix = this.#blocks.isLeaf(to) ? this.#keys.prefixOf(first) : first;
    this.#path.find(this.#blocks.slotOf(to), prefix, from);
    this.#path.point(to);
  }

  /**
   * First row of the slot whose row key is `from` or after, sorting its leaf; the cursor then stands there.
   * Requires: `from` is not in a later slot.
   */
  seek(slot: number, from: Uint8Array, fromLength: number, cursor: LeafCursor): boolean {
    const isInSlot = fromLength >= 2 && slotOfRow(from, 0) === slot;
    let leaf = this.#path.find(slot, isInSlot ? prefixOfRowKey(from, 0, fromLength) : 0);
    for (; leaf !== NO_BLOCK; leaf = this.#path.next()) {
      this.#sorter.sort(leaf);
      cursor.leaf = leaf;
      cursor.index = this.#sorter.lowerBound(leaf, from, fromLength);
      if (cursor.index < this.#blocks.countOf(leaf)) return true;
    }
    return false;
  }

  /** Moves on inside the leaf. Requires: `version` is what it was at `seek`. */
  advance(cursor: LeafCursor): boolean {
    cursor.index++;
    return cursor.index < this.#blocks.countOf(cursor.leaf);
  }

  /** Address of the row at the cursor. */
  at(cursor: LeafCursor): number {
    return this.#blocks.words(cursor.leaf)[this.#blocks.firstOf(cursor.leaf) + cursor.index]!;
  }

  /** Order of the row to the row key `other[0, otherLength)`, as compareRowKeys. */
  compareWith(row: number, other: Uint8Array, otherLength: number): number {
    return this.#keys.compareWith(row, other, otherLength);
  }

  /** Calls `visit` for the rows of the slot, in no order. `visit` must not write. */
  forEachRow(slot: number, visit: (row: number) => void): void {
    for (let leaf = this.#path.find(slot, 0); leaf !== NO_BLOCK; leaf = this.#path.next()) {
      const words = this.#blocks.words(leaf);
      const first = this.#blocks.firstOf(leaf);
      for (let i = 0; i < this.#blocks.countOf(leaf); i++) visit(words[first + i]!);
    }
  }

  /** First slot from `slot` on that has rows; SLOT_COUNT if none. */
  nextSlot(slot: number): number {
    return this.#path.nextSlot(slot);
  }

  /** Forgets all. Requires: the arena has been cleared. */
  clear(): void {
    this.#version++;
    this.#path.clear();
  }

  /** Moves the block at the end of the path into one of another capacity. Returns the new one. */
  #resize(block: number, capacity: number): number {
    const to = this.#blocks.resize(block, capacity);
    this.#path.point(to);
    return to;
  }

  /** Makes a full leaf larger, or splits it. Returns the leaf for the prefix. */
  #makePlace(leaf: number, prefix: number): number {
    const count = this.#blocks.countOf(leaf);
    const lowerCount = count < LEAF_ROWS_MAX ? 0 : this.#sorter.sortToSplit(leaf);
    if (lowerCount === 0) {
      if (count > LEAF_ROWS_LIMIT) throw tooManyAlike();
      return this.#resize(leaf, roomFor(count));
    }
    this.#splitLeaf(leaf, lowerCount);
    return this.#path.find(this.#path.slot, prefix);
  }

  #splitLeaf(leaf: number, lowerCount: number): void {
    const count = this.#blocks.countOf(leaf);
    const upper = this.#blocks.create(KIND_LEAF, this.#path.slot, roomFor(count - lowerCount));
    const words = this.#blocks.words(leaf);
    const first = this.#blocks.firstOf(leaf);
    const upperWords = this.#blocks.words(upper);
    const upperFirst = this.#blocks.firstOf(upper);
    for (let i = lowerCount; i < count; i++) upperWords[upperFirst + i - lowerCount] = words[first + i]!;
    this.#blocks.setCount(upper, count - lowerCount);
    this.#blocks.setCount(leaf, lowerCount);
    this.#blocks.setSorted(leaf, false);
    this.#resize(leaf, roomFor(lowerCount));
    this.#addAfter(this.#keys.prefixOf(upperWords[upperFirst]!), upper);
  }

  /** Adds a block after the one that the path leads to. The path is then of no use. */
  #addAfter(prefix: number, block: number): void {
    if (this.#path.isAtRoot) {
      this.#addRoot(prefix, block);
      return;
    }
    let { branch, child } = this.#path.up();
    if (this.#blocks.countOf(branch) === BRANCH_CHILDREN_MAX) {
      const upper = this.#splitBranch(branch);
      if (child >= BRANCH_CHILDREN_MAX / 2) {
        branch = upper;
        child -= BRANCH_CHILDREN_MAX / 2;
      }
    }
    const count = this.#blocks.countOf(branch);
    if (2 * count === this.#blocks.capacityOf(branch)) branch = this.#resize(branch, 2 * roomFor(count));
    const words = this.#blocks.words(branch);
    const place = this.#blocks.firstOf(branch) + 2 * (child + 1);
    words.copyWithin(place + 2, place, this.#blocks.firstOf(branch) + 2 * count);
    this.#blocks.setChild(branch, child + 1, prefix, block);
    this.#blocks.setCount(branch, count + 1);
  }

  #addRoot(prefix: number, block: number): void {
    const root = this.#blocks.create(KIND_BRANCH, this.#path.slot, 8);
    this.#blocks.setChild(root, 0, 0, this.#path.root);
    this.#blocks.setChild(root, 1, prefix, block);
    this.#blocks.setCount(root, 2);
    this.#path.point(root);
  }

  /** Splits the full branch that the path leads to; both halves keep room for more. Returns the upper one. */
  #splitBranch(branch: number): number {
    const half = BRANCH_CHILDREN_MAX / 2;
    const upper = this.#blocks.create(KIND_BRANCH, this.#path.slot, 2 * BRANCH_CHILDREN_MAX);
    for (let i = 0; i < half; i++) {
      this.#blocks.setChild(
        upper,
        i,
        this.#blocks.prefixAt(branch, half + i),
        this.#blocks.childAt(branch, half + i),
      );
    }
    this.#blocks.setCount(upper, half);
    this.#blocks.setCount(branch, half);
    this.#addAfter(this.#blocks.prefixAt(upper, 0), upper);
    return upper;
  }

  /** Frees the empty block at the end of the path, and every branch above that becomes empty with it. */
  #drop(block: number): void {
    this.#blocks.free(block);
    if (this.#path.isAtRoot) {
      this.#path.point(NO_BLOCK);
      return;
    }
    const { branch, child } = this.#path.up();
    const count = this.#blocks.countOf(branch) - 1;
    if (count === 0) {
      this.#drop(branch);
      return;
    }
    const words = this.#blocks.words(branch);
    const first = this.#blocks.firstOf(branch);
    const lowest = words[first]!;
    words.copyWithin(first + 2 * child, first + 2 * (child + 1), first + 2 * (count + 1));
    words[first] = lowest; // so that the branch is still found by the prefix of its first child
    this.#blocks.setCount(branch, count);
    if (count > 1 || !this.#path.isAtRoot) return;
    this.#path.point(words[first + 1]!);
    this.#blocks.free(branch);
  }
}

/** Capacity for one more than `count`, and a little growth. */
function roomFor(count: number): number {
  return count + Math.max(2, (count >> 2) & ~1) + (count & 1);
}

function tooManyAlike(): StoreError {
  return new StoreError("OUT_OF_MEMORY", "not-applied", "too many keys of one slot have one scan position");
}

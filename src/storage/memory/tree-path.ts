/** The way from a slot's root to a block below it: which child of which branch. Reused for every search. */
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { OrderBlocks } from "./order-block.ts";

export const NO_BLOCK = 0;

/** Slots are counted in groups of 2^6, so that few rows are found without a look at every slot. */
const GROUP_SHIFT = 6;
const GROUP_SLOTS = 1 << GROUP_SHIFT;

interface Step {
  branch: number;
  child: number;
}

export class TreePath {
  readonly #blocks: OrderBlocks;
  readonly #roots = new Int32Array(SLOT_COUNT);
  /** How many slots of each group have rows. */
  readonly #rooted = new Uint8Array(SLOT_COUNT >> GROUP_SHIFT);
  readonly #steps: Step[] = [];
  #length = 0;
  #slot = 0;

  constructor(blocks: OrderBlocks) {
    this.#blocks = blocks;
  }

  get tableBytes(): number {
    return this.#roots.byteLength + this.#rooted.byteLength;
  }

  /** True if the path leads to the slot's root. */
  get isAtRoot(): boolean {
    return this.#length === 0;
  }

  get slot(): number {
    return this.#slot;
  }

  /** Of the path's slot. */
  get root(): number {
    return this.#roots[this.#slot]!;
  }

  /** First slot from `slot` on that has rows; SLOT_COUNT if none. */
  nextSlot(slot: number): number {
    let next = slot;
    while (next < SLOT_COUNT) {
      if (this.#rooted[next >> GROUP_SHIFT] === 0) next = (next | (GROUP_SLOTS - 1)) + 1;
      else if (this.#roots[next] === NO_BLOCK) next++;
      else return next;
    }
    return SLOT_COUNT;
  }

  /** Leads to the leaf that has the prefix, or to `stopAt` above it; returns that, or NO_BLOCK for an empty slot. */
  find(slot: number, prefix: number, stopAt: number = NO_BLOCK): number {
    this.#slot = slot;
    this.#length = 0;
    let block = this.#roots[slot]!;
    while (block !== NO_BLOCK && block !== stopAt && !this.#blocks.isLeaf(block)) {
      const child = this.#blocks.childOf(block, prefix);
      this.#push(block, child);
      block = this.#blocks.childAt(block, child);
    }
    return block;
  }

  /** From one leaf to the one after it; returns that, or NO_BLOCK. */
  next(): number {
    let level = this.#length - 1;
    while (level >= 0 && this.#steps[level]!.child + 1 >= this.#blocks.countOf(this.#steps[level]!.branch))
      level--;
    if (level < 0) return NO_BLOCK;
    const step = this.#steps[level]!;
    step.child++;
    this.#length = level + 1;
    let block = this.#blocks.childAt(step.branch, step.child);
    while (!this.#blocks.isLeaf(block)) {
      this.#push(block, 0);
      block = this.#blocks.childAt(block, 0);
    }
    return block;
  }

  /** Puts `block` where the path leads. */
  point(block: number): void {
    if (this.#length === 0) {
      const hadRows = this.#roots[this.#slot] !== NO_BLOCK;
      const hasRows = block !== NO_BLOCK;
      if (hadRows !== hasRows) this.#rooted[this.#slot >> GROUP_SHIFT]! += hasRows ? 1 : -1;
      this.#roots[this.#slot] = block;
      return;
    }
    const { branch, child } = this.#steps[this.#length - 1]!;
    this.#blocks.setChild(branch, child, this.#blocks.prefixAt(branch, child), block);
  }

  /** From a block to the branch above it, whose child it was: returns both. Requires: not at the root. */
  up(): Readonly<Step> {
    this.#length--;
    return this.#steps[this.#length]!;
  }

  clear(): void {
    this.#roots.fill(NO_BLOCK);
    this.#rooted.fill(0);
  }

  #push(branch: number, child: number): void {
    const step = this.#steps[this.#length];
    if (step === undefined) this.#steps.push({ branch, child });
    else {
      step.branch = branch;
      step.child = child;
    }
    this.#length++;
  }
}

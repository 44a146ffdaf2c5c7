/**
 * The Merkle tree that two replicas compare, and sums of its nodes. It stands over all slots; those that the two do not
 * both keep count as empty.
 *
 *   16384 slots = 128 strides      compared one after another
 *      1 stride = 16 groups        of 8 slots
 *       1 group =  8 slots
 *        1 slot = 64 leaves        by the top 6 bits of a row's position
 *
 * A node's sum is that of its leaves, each half modulo 2^32: so it needs no order, and equal rows give equal sums.
 * DO NOT CHANGE: both ends must have the same tree. See docs/formats/exchange-messages.md.
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import { SLOT_COUNT } from "../ring/slot.ts";
import type { Hash64 } from "../storage/lsm/table/byte-hash.ts";
import { type MerkleSummary, SLOT_LEAF_COUNT } from "../storage/lsm/table/merkle-summary.ts";

/** Slots of a node, by its depth: strides, groups, slots. */
export const WIDTHS = [128, 8, 1] as const;
export const STRIDE_SLOTS: number = WIDTHS[0];
export const STRIDE_COUNT: number = SLOT_COUNT / STRIDE_SLOTS;
const SLOT_DEPTH = WIDTHS.length - 1;

export interface TreeNode {
  /** Index in WIDTHS. */
  readonly depth: number;
  /** A multiple of its width. */
  readonly firstSlot: number;
}

/** A node's sum and those of its children, low and high half of each, one after another. */
export interface NodeSums {
  readonly sum: Hash64;
  readonly children: Int32Array;
}

/** Leaf sums of the slots `from` <= slot < `to`. */
export type SumsOf = (from: number, to: number) => Awaitable<MerkleSummary>;

export function isSlot({ depth }: TreeNode): boolean {
  return depth === SLOT_DEPTH;
}

export function widthOf({ depth }: TreeNode): number {
  return WIDTHS[depth]!;
}

export function childCountOf(node: TreeNode): number {
  return isSlot(node) ? SLOT_LEAF_COUNT : widthOf(node) / WIDTHS[node.depth + 1]!;
}

/** Requires: the node is no slot. */
export function childAt(node: TreeNode, index: number): TreeNode {
  const depth = node.depth + 1;
  return { depth, firstSlot: node.firstSlot + index * WIDTHS[depth]! };
}

/** False of what no tree has. */
export function isTreeNode({ depth, firstSlot }: TreeNode): boolean {
  const width = WIDTHS[depth];
  return width !== undefined && firstSlot % width === 0 && firstSlot < SLOT_COUNT;
}

/** Sums over those slots of the node that are `isShared`. */
export function sumNode(
  node: TreeNode,
  sumsOf: SumsOf,
  isShared: (slot: number) => boolean,
): Awaitable<NodeSums> {
  const summary = sumsOf(node.firstSlot, node.firstSlot + widthOf(node));
  return whenReady(summary, (sums) => addUp(node, sums, isShared));
}

function addUp(node: TreeNode, sums: MerkleSummary, isShared: (slot: number) => boolean): NodeSums {
  const children = new Int32Array(2 * childCountOf(node));
  const sum: Hash64 = { low: 0, high: 0 };
  const firstLeaf = node.firstSlot * SLOT_LEAF_COUNT;
  const leafCount = widthOf(node) * SLOT_LEAF_COUNT;
  const childLeaves = leafCount / childCountOf(node);
  const add = (leaf: number, { low, high }: Hash64): void => {
    if (!isShared(Math.floor(leaf / SLOT_LEAF_COUNT))) return;
    const at = 2 * Math.floor((leaf - firstLeaf) / childLeaves);
    children[at]! += low;
    children[at + 1]! += high;
    sum.low = (sum.low + low) | 0;
    sum.high = (sum.high + high) | 0;
  };
  sums.forEachLeaf(add, firstLeaf, firstLeaf + leafCount);
  return { sum, children };
}

/** Which children differ, by their index. */
export function differingChildren(ours: Int32Array, theirs: Int32Array): readonly number[] {
  const differing: number[] = [];
  for (let at = 0; at < ours.length; at += 2) {
    if (ours[at] !== theirs[at] || ours[at + 1] !== theirs[at + 1]) differing.push(at / 2);
  }
  return differing;
}

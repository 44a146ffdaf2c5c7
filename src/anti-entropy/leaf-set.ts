/** Some of the 64 leaves of a slot: bit i, the lowest of the first byte first, stands for leaf i. */
import { SLOT_LEAF_COUNT } from "../storage/lsm/table/merkle-summary.ts";

export const LEAF_SET_BYTES: number = SLOT_LEAF_COUNT / 8;

export type LeafSet = Uint8Array;

export function leafSetOf(leaves: readonly number[]): LeafSet {
  const set = new Uint8Array(LEAF_SET_BYTES);
  for (const leaf of leaves) set[leaf >>> 3]! |= 1 << (leaf & 7);
  return set;
}

export const ALL_LEAVES: LeafSet = leafSetOf(Array.from({ length: SLOT_LEAF_COUNT }, (_, leaf) => leaf));

export function hasLeaf(set: LeafSet, leaf: number): boolean {
  return (set[leaf >>> 3]! & (1 << (leaf & 7))) !== 0;
}

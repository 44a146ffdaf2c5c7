/**
 * One comparison of this node's rows with another replica's, of the slots that both keep: says what to look at next, and
 * is told what was seen. Pure: no clock, no network, no disk; `ExchangeDriver` does what it says.
 *
 *   strides -> groups -> slots -> leaves      sums are compared, down from where they differ
 *   rows of leaves that differ                versions are compared, by their hashes: a first look
 *   the same rows, `persistMs` later          what still differs in the same way is damage, and is mended
 *
 * Invariant: only rows are moved that both looks saw at one side, and not at the other: writes that are under way, and rows
 * that are written again and again, bring themselves. It fails towards moving nothing: then the next exchange
 * sees the difference again.
 * Of slots in which this node has no row at all, though, it fetches all that the other one has once it still has none
 * `persistMs` later: lists of hashes would cost more than what is under way.
 * Invariant: `hashesMax` bounds what it remembers between the looks; past it, it mends before it looks further.
 */

import { SLOT_COUNT } from "../ring/slot.ts";
import { ALL_LEAVES, type LeafSet, leafSetOf } from "./leaf-set.ts";
import { NO_KEY, type RowHash, type RowSpan } from "./row-span.ts";
import {
  childAt,
  differingChildren,
  isSlot,
  type NodeSums,
  STRIDE_SLOTS,
  type TreeNode,
  WIDTHS,
  widthOf,
} from "./slot-tree.ts";

/** Slots `first` to `last`. */
export interface SlotSpan {
  readonly first: number;
  readonly last: number;
}

export interface ExchangeSettings {
  /** Between the two looks at a row. */
  readonly persistMs: number;
  /** Remembered between them. */
  readonly hashesMax: number;
  /** Nodes of the tree in one question, and spans of rows. */
  readonly nodesMax: number;
  readonly spansMax: number;
  /** Of differences that are settled together; one may have more. */
  readonly settledHashesMax: number;
  /** What the other one has lost is left to it: it fetches for less than giving it costs. */
  readonly leavesLost: boolean;
}

export const DEFAULT_EXCHANGE: ExchangeSettings = {
  persistMs: 2_000,
  hashesMax: 65_536,
  nodesMax: 32,
  spansMax: 32,
  settledHashesMax: 2_048,
  leavesLost: true,
};

/** Rows that only one side has, in the version of that hash. */
export interface Difference {
  readonly span: RowSpan;
  readonly ours: readonly RowHash[];
  readonly theirs: readonly RowHash[];
}

export type NextLook =
  | { readonly kind: "compare"; readonly nodes: readonly TreeNode[] }
  | { readonly kind: "list"; readonly spans: readonly RowSpan[] }
  | { readonly kind: "settle"; readonly differences: readonly Difference[] }
  | { readonly kind: "fetch"; readonly slots: LackedSlots }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "done" };

/** Slots of which this node had no row at the first look, and the other one has some. */
export interface LackedSlots extends SlotSpan {
  /** The last row key that was fetched; empty at the beginning: then this node must still have none. */
  readonly after: Uint8Array;
}

/** What a listing of a span has shown, as far as both sides were listed. */
export interface ListedSpan {
  readonly ours: readonly RowHash[];
  readonly theirs: readonly RowHash[];
  /** The last row key that both were listed up to; empty if to the end. */
  readonly upTo: Uint8Array;
}

export interface SettledSpan {
  readonly pulled: number;
  readonly pushed: number;
  /** What one answer did not take. */
  readonly rest: Difference | undefined;
}

export interface ExchangeTotals {
  /** Slots whose sums were compared, by themselves or with others. */
  slots: number;
  /** Rows that were compared one by one. */
  rows: number;
  /** Rows fetched from the other replica, and given to it. */
  pulled: number;
  pushed: number;
}

interface Seen extends Difference {
  readonly seenMs: number;
}

interface Lacked extends LackedSlots {
  readonly seenMs: number;
}

/** Fetched together. */
const LACKED_SLOTS_MAX = 2_048;
/** Groups of a stride: whoever lacks as many has lost rows, and fetches them itself. */
const LOST_GROUPS = 4;

export class Exchange {
  readonly totals: ExchangeTotals = { slots: 0, rows: 0, pulled: 0, pushed: 0 };
  /** By slot: 1 if its sums were found equal, whether both keep it or not. */
  readonly equalSlots: Uint8Array = new Uint8Array(SLOT_COUNT);
  readonly #settings: ExchangeSettings;
  readonly #spans: readonly SlotSpan[];
  readonly #isSparse: (slot: number) => boolean;
  /** Where sums have differed above; the deepest last. */
  readonly #nodes: TreeNode[] = [];
  readonly #lists: RowSpan[] = [];
  readonly #differences: Seen[] = [];
  /** The oldest first. */
  #lacked: Lacked[] = [];
  #fetches = true;
  #hashCount = 0;
  #at: { span: number; slot: number };

  /**
   * `spans`: rising, without overlap; slots that only one of the two keeps do no harm. `isSparse`: of slots with so few rows
   * here that hashes of all are no longer than sums of the leaves.
   */
  constructor(
    spans: readonly SlotSpan[],
    settings: ExchangeSettings = DEFAULT_EXCHANGE,
    isSparse: (slot: number) => boolean = () => false,
  ) {
    this.#spans = spans;
    this.#settings = settings;
    this.#isSparse = isSparse;
    this.#at = { span: 0, slot: spans[0]?.first ?? 0 };
  }

  /** The part of the slots that has been looked at, 0 to 1. */
  get progress(): number {
    const sizes = this.#spans.map(({ first, last }) => last - first + 1);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const { span, slot } = this.#at;
    const before = sizes.slice(0, span).reduce((sum, size) => sum + size, 0);
    const within = span < this.#spans.length ? slot - this.#spans[span]!.first : 0;
    return total === 0 ? 1 : Math.min(1, (before + within) / total);
  }

  /** `strideCount`: so many are looked at together where nothing is known to differ above; `nodesMax` at most. */
  next(nowMs: number, strideCount = 1): NextLook {
    const [lacked] = this.#lacked;
    const fetchMs =
      lacked === undefined ? Number.POSITIVE_INFINITY : lacked.seenMs + this.#settings.persistMs;
    if (lacked !== undefined && fetchMs <= nowMs) return { kind: "fetch", slots: lacked };
    if (this.#hashCount < this.#settings.hashesMax) {
      if (this.#lists.length > 0) return { kind: "list", spans: this.#lists.slice(-this.#settings.spansMax) };
      const nodes = this.#nextNodes(Math.min(strideCount, this.#settings.nodesMax));
      if (nodes.length > 0) return { kind: "compare", nodes };
    }
    const [oldest] = this.#differences;
    const dueMs = oldest === undefined ? Number.POSITIVE_INFINITY : oldest.seenMs + this.#settings.persistMs;
    if (dueMs <= nowMs) return { kind: "settle", differences: this.#settleable(nowMs) };
    const untilMs = Math.min(dueMs, fetchMs);
    return untilMs === Number.POSITIVE_INFINITY ? { kind: "done" } : { kind: "wait", untilMs };
  }

  /** The answer to "compare": of each node our sums, and those of its children there if its own differed. */
  onCompared(
    nodes: readonly TreeNode[],
    ours: readonly NodeSums[],
    theirs: readonly (Int32Array | undefined)[],
    nowMs: number,
  ): void {
    this.#nodes.splice(-nodes.length);
    nodes.forEach((node, i) => {
      const children = theirs[i];
      const differing = children === undefined ? [] : differingChildren(ours[i]!.children, children);
      if (isSlot(node)) {
        this.totals.slots++;
        if (differing.length === 0) this.#noteEqual(node);
        if (differing.length > 0) this.#lists.push(wholeSlot(node.firstSlot, leafSetOf(differing)));
        return;
      }
      this.#noteEqual(node);
      this.totals.slots += this.#askedOf(node);
      if (children === undefined) return;
      if (this.#fetches && ours[i]!.sum.low === 0 && ours[i]!.sum.high === 0) {
        this.#lack(node, nowMs);
        return;
      }
      const isLeft = this.#settings.leavesLost && hasLost(ours[i]!.children, children);
      for (const index of differing) {
        const child = childAt(node, index);
        if (isLeft) this.#noteEqual(child, 0);
        else if (this.#fetches && isNothing(ours[i]!.children, index)) this.#lack(child, nowMs);
        else this.#descend(child);
      }
    });
  }

  /** The answer to "fetch": so many rows came, and there are more after `upTo`, unless that is empty. */
  onFetched(rowCount: number, upTo: Uint8Array): void {
    const { after, ...over } = this.#lacked.shift()!;
    this.totals.rows += rowCount;
    this.totals.pulled += rowCount;
    if (upTo.length > 0) this.#lacked.unshift({ ...over, after: upTo });
  }

  /** This node has some rows of these slots by now; `never`: the other one does not know how to give all. */
  onNotFetched(never = false): void {
    this.#fetches &&= !never;
    const { first, last } = this.#lacked.shift()!;
    for (let slot = first; slot <= last; slot++) this.#descend({ depth: WIDTHS.length - 1, firstSlot: slot });
  }

  /** The answer to "list": of the first of these spans, or of all. */
  onListed(spans: readonly RowSpan[], listed: readonly ListedSpan[], nowMs: number): void {
    this.#lists.splice(-spans.length);
    this.#lists.push(...spans.slice(listed.length));
    listed.forEach(({ ours, theirs, upTo }, i) => {
      const span = spans[i]!;
      this.totals.rows += Math.max(ours.length, theirs.length);
      const difference = differenceOf({ ...span, upTo }, ours, theirs);
      if (difference !== undefined) this.#remember(difference, nowMs);
      if (upTo.length > 0) this.#lists.push({ ...span, after: upTo });
    });
  }

  /** The answer to "settle": of the first of those differences, or of all. */
  onSettled(settled: readonly SettledSpan[]): void {
    const over = this.#differences.splice(0, settled.length);
    const left: Seen[] = [];
    settled.forEach(({ pulled, pushed, rest }, i) => {
      const { seenMs } = over[i]!;
      this.#hashCount -= hashCountOf(over[i]!);
      this.totals.pulled += pulled;
      this.totals.pushed += pushed;
      if (rest === undefined) return;
      left.push({ ...rest, seenMs });
      this.#hashCount += hashCountOf(rest);
    });
    this.#differences.unshift(...left);
  }

  /** The oldest differences that were all seen by then. */
  #settleable(seenBeforeMs: number): readonly Difference[] {
    const { spansMax, settledHashesMax, persistMs } = this.#settings;
    let hashes = 0;
    let count = 0;
    for (const difference of this.#differences.slice(0, spansMax)) {
      hashes += hashCountOf(difference);
      if (count > 0 && (hashes > settledHashesMax || difference.seenMs + persistMs > seenBeforeMs)) break;
      count++;
    }
    return this.#differences.slice(0, count);
  }

  #remember(difference: Difference, seenMs: number): void {
    this.#differences.push({ ...difference, seenMs });
    this.#hashCount += hashCountOf(difference);
  }

  #noteEqual(node: TreeNode, isEqual: 0 | 1 = 1): void {
    this.equalSlots.fill(isEqual, node.firstSlot, node.firstSlot + widthOf(node));
  }

  #lack(node: TreeNode, seenMs: number): void {
    this.#noteEqual(node, 0);
    const end = node.firstSlot + widthOf(node);
    for (const span of this.#spans) {
      const first = Math.max(span.first, node.firstSlot);
      const last = Math.min(span.last, end - 1);
      if (first > last) continue;
      const before = this.#lacked.at(-1);
      const isMore = before?.last === first - 1 && last - before.first < LACKED_SLOTS_MAX;
      if (isMore && before.after.length === 0)
        this.#lacked[this.#lacked.length - 1] = { ...before, last, seenMs };
      else this.#lacked.push({ first, last, after: NO_KEY, seenMs });
    }
  }

  /** A stride may have slots that are not to be compared. */
  #descend(node: TreeNode): void {
    this.#noteEqual(node, 0);
    const asked = this.#askedOf(node);
    if (asked === 0) return;
    // If this node has next to nothing there, whatever else the other one has is to be moved anyway.
    if (isSlot(node) && this.#isSparse(node.firstSlot)) {
      this.#lists.push(wholeSlot(node.firstSlot, ALL_LEAVES));
      return;
    }
    this.totals.slots -= asked; // they are counted where they are compared last
    this.#nodes.push(node);
  }

  /** How many of the node's slots are to be compared. */
  #askedOf(node: TreeNode): number {
    const end = node.firstSlot + widthOf(node);
    return this.#spans.reduce((count, { first, last }) => {
      return count + Math.max(0, Math.min(last + 1, end) - Math.max(first, node.firstSlot));
    }, 0);
  }

  /** The last of those that are known to differ above, of one depth; else the next strides. They are kept till `onCompared`. */
  #nextNodes(strideCount: number): readonly TreeNode[] {
    if (this.#nodes.length === 0) {
      for (let left = strideCount; left > 0; left--) {
        const stride = this.#nextStride();
        if (stride === undefined) break;
        this.#nodes.push(stride);
      }
    }
    const last = this.#nodes.at(-1);
    if (last === undefined) return [];
    let from = this.#nodes.length - 1;
    const least = Math.max(0, this.#nodes.length - this.#settings.nodesMax);
    while (from > least && this.#nodes[from - 1]!.depth === last.depth) from--;
    return this.#nodes.slice(from);
  }

  #nextStride(): TreeNode | undefined {
    const { span, slot } = this.#at;
    const within = this.#spans[span];
    if (within === undefined) return undefined;
    const firstSlot = slot - (slot % STRIDE_SLOTS);
    const after = firstSlot + STRIDE_SLOTS;
    let later = span;
    while (later < this.#spans.length && this.#spans[later]!.last < after) later++;
    const next = this.#spans[later];
    this.#at = { span: later, slot: next === undefined ? after : Math.max(after, next.first) };
    return { depth: 0, firstSlot };
  }
}

function isNothing(children: Int32Array, index: number): boolean {
  return children[2 * index] === 0 && children[2 * index + 1] === 0;
}

/** True if they have nothing where this node has much. */
function hasLost(ours: Int32Array, theirs: Int32Array): boolean {
  if (theirs.some((half) => half !== 0)) return false;
  let groups = 0;
  for (let index = 0; 2 * index < ours.length; index++) if (!isNothing(ours, index)) groups++;
  return groups >= LOST_GROUPS;
}

function wholeSlot(slot: number, leaves: LeafSet): RowSpan {
  return { slot, leaves, after: NO_KEY, upTo: NO_KEY };
}

/** Undefined if there is none. */
export function differenceOf(
  span: RowSpan,
  ours: readonly RowHash[],
  theirs: readonly RowHash[],
): Difference | undefined {
  const ourSet = new Set(ours);
  const theirSet = new Set(theirs);
  const onlyOurs = ours.filter((hash) => !theirSet.has(hash));
  const onlyTheirs = theirs.filter((hash) => !ourSet.has(hash));
  if (onlyOurs.length === 0 && onlyTheirs.length === 0) return undefined;
  return { span, ours: onlyOurs, theirs: onlyTheirs };
}

function hashCountOf({ ours, theirs }: Difference): number {
  return ours.length + theirs.length;
}

/**
 * Allocates tokens: 16 for each unit of weight, placed to even the load rather than by chance.
 *
 * Who has too few gets more, one at a time, each where it does most good (token-placement.ts); who has too many gives
 * up those that are missed least. Nobody else's tokens move, so slots move to who gained tokens, or from who lost them;
 * only if load is then still uneven are a few tokens of the most and least loaded moved.
 * Deterministic: the same members give the same tokens on every node.
 */
import { assert } from "../base/assert.ts";
import {
  type CopiesByDatacenter,
  membersByDatacenter,
  type RingMember,
  TOKENS_PER_WEIGHT,
  WEIGHT_SUM_MAX,
} from "./ring-member.ts";
import { createSite } from "./site.ts";
import { SiteRing } from "./site-ring.ts";
import { TokenPlacement } from "./token-placement.ts";

/** Above it tokens of others are moved, too. Load over fair share. */
const RATIO_GOAL = 1.095;
/** How often a newcomer's tokens are taken up again. */
const SWEEPS = 2;
/** A token moves only for more than this part of the unevenness. */
const GAIN_MIN = 1e-6;

/**
 * The members with as many tokens as their weights ask for, in the order of their ids.
 * Requires: a datacenter's weights sum up to WEIGHT_SUM_MAX at most, and those of its tokens that are given differ.
 */
export function allocateTokens(
  members: readonly RingMember[],
  copies: CopiesByDatacenter,
): readonly RingMember[] {
  return [...membersByDatacenter(members)].flatMap(([datacenter, group]) =>
    allocateInDatacenter(group, Math.max(1, copies.get(datacenter) ?? 0)),
  );
}

function allocateInDatacenter(group: readonly RingMember[], copies: number): readonly RingMember[] {
  const weightSum = group.reduce((sum, { weight }) => sum + weight, 0);
  assert(weightSum <= WEIGHT_SUM_MAX, "a datacenter's weights leave room for its tokens");
  // Nodes join one after the other, in the order of their ids, as they would in life: so a cluster that was set up
  // at once is as fit to grow as one that grew.
  const newcomers = group.filter(({ tokens }) => tokens.length === 0);
  let present: readonly RingMember[] = group.filter(({ tokens }) => tokens.length > 0);
  if (present.length > 0) present = settle(present, copies);
  for (const newcomer of newcomers) {
    present = settle([...present, newcomer].sort(byIdOf(group)), copies);
  }
  return present;
}

function byIdOf(group: readonly RingMember[]): (a: RingMember, b: RingMember) => number {
  const order = new Map(group.map(({ id }, i) => [id, i]));
  return (a, b) => order.get(a.id)! - order.get(b.id)!;
}

function settle(members: readonly RingMember[], copies: number): readonly RingMember[] {
  const ring = new SiteRing(createSite(members, copies));
  const placement = new TokenPlacement(ring);
  let changeCount = 0;
  members.forEach(({ weight, tokens }, node) => {
    const wanted = weight * TOKENS_PER_WEIGHT;
    changeCount += Math.abs(wanted - tokens.length);
    for (let count = tokens.length; count > wanted; count--) removeLeastMissed(ring, placement, node);
    for (let count = tokens.length; count < wanted; count++) {
      addBest(ring, placement, node, (count + 1) / wanted);
    }
  });
  members.forEach(({ tokens }, node) => {
    if (tokens.length > 0) return;
    for (let sweep = 0; sweep < SWEEPS; sweep++) settleTokens(ring, placement, node);
  });
  even(ring, placement, Math.max(changeCount, TOKENS_PER_WEIGHT));
  return members.map((member, node) => ({ ...member, tokens: tokensOf(ring, node) }));
}

/** Takes each token of a newcomer up again, now that all are there, and puts it where it is best: data moves once. */
function settleTokens(ring: SiteRing, placement: TokenPlacement, node: number): void {
  for (const from of tokensOf(ring, node)) {
    const before = placement.unevenness();
    ring.remove(ring.indexAt(from));
    const target = placement.best(node, 1);
    const isBetter =
      target !== undefined && before - (placement.unevenness() + target.change) > before * GAIN_MIN;
    ring.insert(isBetter ? target.position : from, node);
  }
}

function addBest(ring: SiteRing, placement: TokenPlacement, node: number, portion: number): void {
  const best = placement.best(node, portion);
  assert(best !== undefined, "there is a free position: weights are limited");
  ring.insert(best.position, node);
}

function removeLeastMissed(ring: SiteRing, placement: TokenPlacement, node: number): void {
  let least = Number.POSITIVE_INFINITY;
  let leastMissed = -1;
  for (const position of tokensOf(ring, node)) {
    ring.remove(ring.indexAt(position));
    const unevenness = placement.unevenness();
    ring.insert(position, node);
    if (unevenness >= least) continue;
    least = unevenness;
    leastMissed = position;
  }
  ring.remove(ring.indexAt(leastMissed));
}

/** Moves tokens of the most loaded node, or else of the least loaded, while that helps and load is not even enough. */
function even(ring: SiteRing, placement: TokenPlacement, movesMax: number): void {
  for (let moves = 0; moves < movesMax; moves++) {
    const { most, least, ratio } = extremes(ring, placement);
    if (ratio <= RATIO_GOAL) return;
    if (!moveOneToken(ring, placement, most) && !moveOneToken(ring, placement, least)) return;
  }
}

function extremes(
  ring: SiteRing,
  { shares }: TokenPlacement,
): { most: number; least: number; ratio: number } {
  const ratios = ring.loads.map((load, node) => load / shares[node]!);
  let most = 0;
  let least = 0;
  ratios.forEach((ratio, node) => {
    if (ratio > ratios[most]!) most = node;
    if (ratio < ratios[least]!) least = node;
  });
  return { most, least, ratio: ratios[most]! };
}

/** Moves the token of `node` whose move helps most. False if none does. */
function moveOneToken(ring: SiteRing, placement: TokenPlacement, node: number): boolean {
  const before = placement.unevenness();
  let bestGain = before * GAIN_MIN;
  let bestMove: { from: number; to: number } | undefined;
  for (const from of tokensOf(ring, node)) {
    ring.remove(ring.indexAt(from));
    const target = placement.best(node, 1);
    if (target !== undefined) {
      const gain = before - (placement.unevenness() + target.change);
      if (gain > bestGain) {
        bestGain = gain;
        bestMove = { from, to: target.position };
      }
    }
    ring.insert(from, node);
  }
  if (bestMove === undefined) return false;
  ring.remove(ring.indexAt(bestMove.from));
  ring.insert(bestMove.to, node);
  return true;
}

function tokensOf(ring: SiteRing, node: number): readonly number[] {
  return ring.ranges.filter(({ owner }) => owner === node).map(({ position }) => position);
}

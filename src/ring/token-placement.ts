/**
 * Where a node's next token does most good.
 *
 * A token takes slots from those it displaces (displacement.ts): in the range it stands in, as many as it leaves
 * before it; in the ranges behind, whose walks pass it, all. Three balances are kept (balance.ts): the nodes' loads, which
 * is what counts; their first copies, for cluster-aware clients send requests there; and the loads that single tokens
 * bring their nodes. The last keeps the ring fit to grow: where one token brings much and others nothing, a newcomer
 * has to take too much at once, or cannot take from the node that should give.
 *
 * Within one gap between tokens each balance is a parabola of the new token's place, so every gap is judged by
 * its best place, and the best gap wins.
 */
import { Balance } from "./balance.ts";
import { displacedBy } from "./displacement.ts";
import { fairShares } from "./fair-share.ts";
import { TOKENS_PER_WEIGHT } from "./ring-member.ts";
import type { SiteRing } from "./site-ring.ts";
import { SLOT_COUNT } from "./slot.ts";

/** Beside the nodes' copies, which have 1. Found by trying joins one by one: bench/ring.ts. */
const FIRST_COPY_IMPORTANCE = 0.5;
const TOKEN_IMPORTANCE = 0.1;

export interface Placement {
  readonly position: number;
  /** What it does to the unevenness: the less the better. */
  readonly change: number;
}

export class TokenPlacement {
  readonly #ring: SiteRing;
  /** Slots that each node should have: copies, and first copies. */
  readonly shares: Float64Array;
  readonly firstShares: Float64Array;

  constructor(ring: SiteRing) {
    this.#ring = ring;
    const { members } = ring.site;
    const weightSum = members.reduce((sum, { weight }) => sum + weight, 0);
    this.shares = fairShares(ring.site).map((share) => share * SLOT_COUNT);
    this.firstShares = Float64Array.from(members, ({ weight }) => (weight / weightSum) * SLOT_COUNT);
  }

  /** 0 is best. */
  unevenness(): number {
    const balances = this.#balances(0, 1);
    return balances.reduce((sum, balance) => sum + balance.unevenness(), -this.#absence(0));
  }

  /**
   * The best place for a token of `node`, which shall have the part `portion` of its share after it. Undefined if no
   * position is free.
   */
  best(node: number, portion: number): Placement | undefined {
    const { ranges } = this.#ring;
    if (ranges.length === 0) return { position: SLOT_COUNT - 1, change: 0 };
    const balances = this.#balances(node, portion);
    const absence = this.#absence(node);
    let best: Placement | undefined;
    for (let index = 0; index < ranges.length; index++) {
      const width = this.#ring.widthOf(index);
      if (width < 2) continue;
      this.#gather(balances, index, node);
      const slope = balances.reduce((sum, balance) => sum + balance.slope, 0);
      const curve = balances.reduce((sum, balance) => sum + balance.curve, 0);
      const ideal = curve > 0 ? Math.round(-slope / curve) : width >> 1;
      const slots = Math.min(width - 1, Math.max(1, ideal));
      const change = balances.reduce((sum, balance) => sum + balance.settle(slots), absence);
      if (best !== undefined && change >= best.change) continue;
      best = { position: (ranges[index]!.position - width + slots + SLOT_COUNT) % SLOT_COUNT, change };
    }
    return best;
  }

  /** What a token to come counts for in the unevenness, which is nothing that is there. */
  #absence(node: number): number {
    return TOKEN_IMPORTANCE * this.#tokenShare(node);
  }

  #tokenShare(node: number): number {
    return this.shares[node]! / (this.#ring.site.members[node]!.weight * TOKENS_PER_WEIGHT);
  }

  /** Of nodes' copies, nodes' first copies, and tokens: the last of these is the one to come. */
  #balances(node: number, portion: number): readonly [Balance, Balance, Balance] {
    const { ranges, loads, firstLoads } = this.#ring;
    const partly = (shares: Float64Array): Float64Array => shares.with(node, shares[node]! * portion);
    const tokenLoads = new Float64Array(ranges.length + 1);
    tokenLoads.set(this.#ring.tokenLoads());
    const tokenShares = Float64Array.from(tokenLoads, (_, i) => this.#tokenShare(ranges[i]?.owner ?? node));
    return [
      new Balance(loads, partly(this.shares), 1),
      new Balance(firstLoads, partly(this.firstShares), FIRST_COPY_IMPORTANCE),
      new Balance(tokenLoads, tokenShares, TOKEN_IMPORTANCE),
    ];
  }

  /** What a token of `node` just before the one at `index`, or a bit before that, would take. */
  #gather(balances: readonly [Balance, Balance, Balance], index: number, node: number): void {
    const { ranges } = this.#ring;
    const [all, first, tokens] = balances;
    const newToken = ranges.length;
    for (let steps = 1; steps < ranges.length; steps++) {
      const start = index - steps < 0 ? index - steps + ranges.length : index - steps;
      if (!this.#ring.looksAhead(start, steps)) break;
      const giver = this.#giver(start, node, steps);
      if (giver === undefined) continue;
      const slots = this.#ring.widthOf(start);
      all.shift(giver.node, node, slots);
      tokens.shift(giver.token, newToken, slots);
    }
    const giver = this.#giver(index, node, 0)!;
    all.split(giver.node, node);
    first.split(ranges[index]!.owner, node);
    tokens.split(giver.token, newToken);
  }

  /** Who gives the range up, by which token; -1 if nobody; undefined if the guest is passed over. */
  #giver(start: number, node: number, steps: number): { node: number; token: number } | undefined {
    const range = this.#ring.ranges[start]!;
    const giver = displacedBy(this.#ring.site, range, node, steps);
    const rank = range.replicas.indexOf(giver);
    if (rank < 0) return giver === node ? undefined : { node: -1, token: -1 };
    if (giver === node && range.steps[rank]! < steps) return undefined;
    return { node: giver, token: (start + range.steps[rank]!) % this.#ring.ranges.length };
  }
}

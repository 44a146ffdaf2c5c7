/** Clusters to try the allocation on: what tests hold to the goals, and what docs/ring.md shows. */

import { PlacementPlan } from "./placement-plan.ts";
import { planChange } from "./plan-change.ts";
import { ringLoad, worstRatio } from "./ring-load.ts";
import type { CopiesByDatacenter, RingMember } from "./ring-member.ts";
import { allocateTokens } from "./token-allocation.ts";

export const THREE_COPIES: CopiesByDatacenter = new Map([["dc", 3]]);

const WEIGHTS = [1, 2, 4, 1, 2];
const UNEQUAL_RACKS = [0, 1, 2, 0, 3, 1, 0, 1, 2, 0]; // of ten nodes four, three, two and one

/** The member that joins as number `i` of a cluster of that shape. */
export const CLUSTERS: Readonly<Record<string, (i: number) => RingMember>> = {
  "equal nodes, no racks": (i) => member(i, { rack: "r" }),
  "weights 1, 2, 4": (i) => member(i, { rack: "r", weight: WEIGHTS[i % 5]! }),
  "three racks of equal size": (i) => member(i, { rack: `r${i % 3}` }),
  "racks of 4:3:2:1": (i) => member(i, { rack: `r${UNEQUAL_RACKS[i % 10]}` }),
  "weights 1, 2, 4 in racks of 4:3:2:1": (i) =>
    member(i, { rack: `r${UNEQUAL_RACKS[i % 10]}`, weight: WEIGHTS[i % 5]! }),
  "four nodes a machine": (i) => member(i, { rack: "r", machine: `m${i >> 2}` }),
};

export interface Step {
  readonly nodeCount: number;
  readonly members: readonly RingMember[];
  /** The most loaded node's load over its fair share, and the same of first copies. */
  readonly ratio: number;
  readonly firstRatio: number;
  /**
   * Copies of slots that change their node, over those that must: the sum of what fair shares grow by, which is the
   * newcomer's unless a bound of racks moves others', too. Undefined below four nodes.
   */
  readonly moved: number | undefined;
}

/** Joins nodes one by one, up to `nodeCount`. */
export function* grow(shape: (i: number) => RingMember, nodeCount: number): Generator<Step> {
  let members: readonly RingMember[] = [];
  for (let i = 0; i < nodeCount; i++) {
    const before = members;
    members = allocateTokens([...before, shape(i)], THREE_COPIES);
    const loads = ringLoad(members, THREE_COPIES);
    const fairBefore = new Map(ringLoad(before, THREE_COPIES).map((load) => [load.id, load.fairCount]));
    const needed = loads.map(({ id, fairCount }) => Math.max(0, fairCount - (fairBefore.get(id) ?? 0)));
    const fair = needed.reduce((sum, count) => sum + count, 0);
    const firstRatio = Math.max(...loads.map((load) => load.firstCount / load.fairFirstCount));
    const moved = i < 3 ? undefined : movedCount(before, members) / fair;
    yield { nodeCount: i + 1, members, ratio: worstRatio(loads), firstRatio, moved };
  }
}

/** How many copies of slots a change brings to nodes that did not have them. */
export function movedCount(before: readonly RingMember[], after: readonly RingMember[]): number {
  const plan = (members: readonly RingMember[]): PlacementPlan => new PlacementPlan(members, THREE_COPIES);
  return planChange(plan(before), plan(after)).reduce((sum, { gaining }) => sum + gaining.length, 0);
}

function member(i: number, fields: Partial<RingMember>): RingMember {
  const id = `n${`${i}`.padStart(3, "0")}`;
  return { id, datacenter: "dc", rack: "r", machine: `m${i}`, weight: 1, tokens: [], ...fields };
}

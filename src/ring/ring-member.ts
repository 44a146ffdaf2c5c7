/** What the ring knows of a node: where it stands, how much it should carry, and the tokens it owns. */
import { assert } from "../base/assert.ts";
import { SLOT_COUNT } from "./slot.ts";

/** Names a node for ever, wherever it runs. Compared as text. */
export type NodeId = string;

export interface RingMember {
  readonly id: NodeId;
  readonly datacenter: string;
  /** Nodes of one rack fail together. Racks of different datacenters are different, whatever their names. */
  readonly rack: string;
  /** Two nodes of one machine never hold two copies of a slot. A machine stands in one rack. */
  readonly machine: string;
  /** The node's share, to that of others: a whole number from 1. */
  readonly weight: number;
  /** Positions 0..16383, rising; no two of one datacenter are equal. */
  readonly tokens: readonly number[];
}

/** How many copies of each slot a datacenter keeps; one that is not named keeps none. */
export type CopiesByDatacenter = ReadonlyMap<string, number>;

/** Few, because every token brings neighbours, and with each the chance that two failures meet in one slot. */
export const TOKENS_PER_WEIGHT = 16;
/** Of one datacenter: so that its tokens find room among the slots. */
export const WEIGHT_SUM_MAX = Math.floor((SLOT_COUNT * 0.9) / TOKENS_PER_WEIGHT);

/** The members of each datacenter, both in the order of their names: so all nodes compute the same. */
export function membersByDatacenter(
  members: readonly RingMember[],
): ReadonlyMap<string, readonly RingMember[]> {
  const groups = new Map<string, RingMember[]>();
  for (const member of [...members].sort((a, b) => compareText(a.id, b.id))) {
    const group = groups.get(member.datacenter);
    if (group === undefined) groups.set(member.datacenter, [member]);
    else group.push(member);
  }
  assert(new Set(members.map(({ id }) => id)).size === members.length, "a node is a member once");
  return new Map([...groups].sort(([a], [b]) => compareText(a, b)));
}

/** By UTF-16 units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Who the acceptors are, and which of them suffice: a majority of every group.
 *
 * One group is the ordinary case. While the members change there are two, the old and the new (joint consensus): what a
 * majority of both has accepted, a majority of either alone will meet. ADR 0006 has the order of steps.
 */
import { assert } from "../base/assert.ts";

export type AcceptorId = string;

export interface Configuration {
  /** One or two groups of distinct acceptors, none empty. */
  readonly groups: readonly (readonly AcceptorId[])[];
}

export function configurationOf(...groups: readonly (readonly AcceptorId[])[]): Configuration {
  for (const group of groups) {
    assert(group.length > 0 && new Set(group).size === group.length, "a group names each acceptor once");
  }
  return { groups };
}

/** Each once. */
export function acceptorsOf({ groups }: Configuration): readonly AcceptorId[] {
  return [...new Set(groups.flat())];
}

/** Whether these acceptors are a majority of every group. */
export function isQuorum({ groups }: Configuration, acceptors: ReadonlySet<AcceptorId>): boolean {
  return groups.every((group) => 2 * group.filter((id) => acceptors.has(id)).length > group.length);
}

export function sameConfiguration(a: Configuration, b: Configuration): boolean {
  return a.groups.length === b.groups.length && a.groups.every((group, i) => sameGroup(group, b.groups[i]!));
}

/** Whatever the order. */
export function sameGroup(a: readonly AcceptorId[], b: readonly AcceptorId[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

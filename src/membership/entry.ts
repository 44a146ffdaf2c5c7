/**
 * How nodes that were told of each other become one cluster. Pure: what was heard comes in, what to do comes out.
 *
 *   somebody is a member already                            join its cluster
 *   all have been met, and all of them have met the same    whoever has the lowest id founds the cluster, of all of them
 *   else                                                    wait, and ask again
 *
 * One cluster and never two: who founds has been told by each of the others that they have met the very same nodes, so that they,
 * too, leave it to the lowest id. Who was interrupted comes back under its id; the founder has
 * made its decision durable before it tells of it. ADR 0009 has the cases.
 */
import { equalLists, type Greeting, sortedIds } from "./greeting.ts";
import type { Newcomer } from "./topology-change.ts";

/** What became of asking who lives at an address. */
export type Heard =
  | { readonly kind: "greeting"; readonly greeting: Greeting }
  | { readonly kind: "itself" }
  | { readonly kind: "nobody"; readonly reason: string };

export type EntryStep =
  | { readonly kind: "join"; readonly address: string; readonly clusterId: string }
  | { readonly kind: "found"; readonly founders: readonly Newcomer[] }
  /** `reason` is for people. */
  | { readonly kind: "wait"; readonly reason: string };

/** `heard`: of each address that this node was told to join. */
export function nextEntryStep(self: Newcomer, heard: ReadonlyMap<string, Heard>): EntryStep {
  const greetings = greetingsOf(heard);
  const clusters = new Set(greetings.map(([, { clusterId }]) => clusterId).filter((id) => id !== ""));
  if (clusters.size > 1) {
    return wait(`the nodes to join are of different clusters: ${[...clusters].join(", ")}`);
  }
  const member = greetings.find(([, { clusterId }]) => clusterId !== "");
  if (member !== undefined) return { kind: "join", address: member[0], clusterId: member[1].clusterId };
  for (const [address, each] of heard) {
    if (each.kind === "nobody") return wait(`waiting for ${address}: ${each.reason}`);
  }
  const founders = new Map([[self.id, self]]);
  for (const [, greeting] of greetings) founders.set(greeting.self.id, greeting.self);
  const ids = sortedIds(founders.keys());
  for (const [address, { met }] of greetings) {
    if (!equalLists(met, ids)) {
      return wait(`${address} has not met the same nodes yet: was every node told to join all others?`);
    }
  }
  if (ids[0] !== self.id) return wait(`waiting for ${ids[0]} to found the cluster`);
  return { kind: "found", founders: ids.map((id) => founders.get(id)!) };
}

/** Whom this node has met, as it tells others: nobody until it has heard all, or it might agree with two founders in turn. */
export function metAmong(self: Newcomer, heard: ReadonlyMap<string, Heard>): readonly string[] {
  if ([...heard.values()].some(({ kind }) => kind === "nobody")) return [];
  return sortedIds([self.id, ...greetingsOf(heard).map(([, greeting]) => greeting.self.id)]);
}

function greetingsOf(heard: ReadonlyMap<string, Heard>): readonly (readonly [string, Greeting])[] {
  return [...heard].flatMap(([address, each]) =>
    each.kind === "greeting" ? [[address, each.greeting] as const] : [],
  );
}

function wait(reason: string): EntryStep {
  return { kind: "wait", reason };
}

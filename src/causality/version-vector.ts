/**
 * Version vector: how many of each actor's writes (of one key) have been seen. It covers the dot (a, n) if its
 * entry for a is n or more.
 * Source: Parker et al. 1983, "Detection of Mutual Inconsistency in Distributed Systems".
 *
 * Immutable. Invariant: sorted by actor, no actor twice, no counter below 1.
 */
import type { Actor } from "./actor.ts";
import type { Dot } from "./dot.ts";

export type VersionVector = readonly Dot[];

export type VectorOrder = "equal" | "before" | "after" | "concurrent";

export const EMPTY_VECTOR: VersionVector = [];

/** The highest counter of `actor` that has been seen, or 0. */
export function counterOf(vector: VersionVector, actor: Actor): number {
  const entry = vector[indexOfActor(vector, actor)];
  return entry?.actor === actor ? entry.counter : 0;
}

/** The index of the first entry whose actor is not below `actor`; the length if there is none. */
export function indexOfActor(vector: VersionVector, actor: Actor): number {
  // A vector has about as many entries as a key has replicas: a search by halves would cost more.
  let index = 0;
  while (index < vector.length && vector[index]!.actor < actor) index++;
  return index;
}

export function covers(vector: VersionVector, dot: Dot): boolean {
  return dot.counter <= counterOf(vector, dot.actor);
}

/** The least vector that covers what either covers. May return one of its arguments. */
export function joinVectors(a: VersionVector, b: VersionVector): VersionVector {
  if (a === b || b.length === 0) return a;
  const joined: Dot[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (right === undefined || (left !== undefined && left.actor < right.actor)) {
      joined.push(left!);
      i++;
    } else if (left === undefined || right.actor < left.actor) {
      joined.push(right);
      j++;
    } else {
      joined.push(left.counter >= right.counter ? left : right);
      i++;
      j++;
    }
  }
  return joined;
}

/** The least vector that covers what `vector` covers, and `dot`. */
export function withDot(vector: VersionVector, dot: Dot): VersionVector {
  return joinVectors(vector, [{ actor: dot.actor, counter: dot.counter }]);
}

/** True if `vector` covers all that `ancestor` covers; so also if they are equal. */
export function descends(vector: VersionVector, ancestor: VersionVector): boolean {
  return ancestor.every((entry) => covers(vector, entry));
}

export function equalVectors(a: VersionVector, b: VersionVector): boolean {
  if (a.length !== b.length) return false;
  return a.every((entry, i) => entry.counter === b[i]!.counter && entry.actor === b[i]!.actor);
}

/** How `a` stands to `b`: "before" means that b has seen all of a and more. */
export function compareVectors(a: VersionVector, b: VersionVector): VectorOrder {
  const aDescends = descends(a, b);
  const bDescends = descends(b, a);
  if (aDescends) return bDescends ? "equal" : "after";
  return bDescends ? "before" : "concurrent";
}

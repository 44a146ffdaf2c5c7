/**
 * Dot: the name of one write in the whole life of the cluster. An actor counts its writes 1, 2, 3, ... over all
 * keys; it may skip numbers (after a crash), but never uses one twice.
 */
import type { Actor } from "./actor.ts";

export interface Dot {
  readonly actor: Actor;
  /** A whole number, 1..COUNTER_MAX. */
  readonly counter: number;
}

export const COUNTER_MAX = 2 ** 48 - 1;

export function isCounter(counter: number): boolean {
  return Number.isInteger(counter) && counter >= 1 && counter <= COUNTER_MAX;
}

/** Actors first, then counters: an order for encodings and for breaking ties, not an order of time. */
export function compareDots(a: Dot, b: Dot): number {
  if (a.actor !== b.actor) return a.actor < b.actor ? -1 : 1;
  return a.counter - b.counter;
}

export function equalDots(a: Dot, b: Dot): boolean {
  return a.counter === b.counter && a.actor === b.actor;
}

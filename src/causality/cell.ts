/**
 * Cell: all that a replica knows of one row. A dotted version vector set, whose siblings are concurrent values
 * and each actor's running total of increments.
 * Source: Preguiça et al. 2010, "Dotted Version Vectors", arXiv:1011.5808. Reasons: docs/adr/0002-the-cell.md.
 *
 *   absent    { context: {},         siblings: [] }
 *   SET       { context: {a:7},      siblings: [a7 value "x"] }
 *   two SETs  { context: {a:7, b:3}, siblings: [a7 value "x", b3 value "y"] }      neither had seen the other
 *   INCRs     { context: {a:9, b:4}, siblings: [a9 increment 1..9, b4 increment 4..4] }   value: the sum
 *   DEL       { context: {a:9, b:4}, siblings: [] }
 *
 * A write kills what it has seen; what it has seen of one actor is always the actor's increments up to some
 * counter. If that is a part of a running total (others have moved on meanwhile), `absorbed` says how much.
 *
 * Immutable. Invariants:
 *   context covers the dot of every sibling, and `upTo` of every absorption;
 *   siblings are sorted by dot, no two share one, and no actor has two increment siblings;
 *   absorptions are sorted by actor, one an actor; if the actor has an increment sibling,
 *   both speak of the same run (`first`), and the sibling goes further (`upTo` < its dot).
 */
import type { Actor } from "./actor.ts";
import { compareDots, type Dot } from "./dot.ts";
import { compareHlc, type Hlc } from "./hybrid-clock.ts";
import { EMPTY_VECTOR, type VersionVector } from "./version-vector.ts";

/** As an `expiresAtMs`: does not expire. */
export const NEVER = 0;

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;

export interface ValueSibling {
  readonly kind: "value";
  readonly dot: Dot;
  /** When the payload was written. EXPIRE gives a value a new dot and keeps this. */
  readonly hlc: Hlc;
  /** Milliseconds since the Unix epoch, below 2^48, or NEVER. */
  readonly expiresAtMs: number;
  readonly payload: Uint8Array;
}

/** One actor's run of increments: those with counters first..dot.counter, in one sum. */
export interface IncrementSibling {
  readonly kind: "increment";
  readonly dot: Dot;
  /** When its `expiresAtMs` was decided (not when the increment was made); HLC_ZERO if nobody ever did. */
  readonly hlc: Hlc;
  readonly expiresAtMs: number;
  /** Counter of the run's first increment: the run's name. */
  readonly first: number;
  /** A signed 64-bit number. */
  readonly total: bigint;
}

export type Sibling = ValueSibling | IncrementSibling;

/** Of actor's run named `first`, the increments up to counter `upTo`, in sum `total`, no longer count. */
export interface Absorption {
  readonly actor: Actor;
  readonly first: number;
  readonly upTo: number;
  /** A signed 64-bit number. */
  readonly total: bigint;
}

/** What somebody has seen of a row: as a cell, its deletion. */
export interface SeenContext {
  readonly context: VersionVector;
  readonly absorbed: readonly Absorption[];
}

/** What a client has seen of a row: as a token, the CONTEXT of KV.PUT and KV.DEL. */
export interface ClientContext extends SeenContext {
  /** Values it has seen though `context` does not cover them, for that would cover others that it has not seen. */
  readonly dots?: readonly Dot[];
}

export interface Cell extends SeenContext {
  readonly siblings: readonly Sibling[];
}

/** A row of which nothing is known. */
export const EMPTY_CELL: Cell = { context: EMPTY_VECTOR, siblings: [], absorbed: [] };

/** Positive if `a` is the newer: by hybrid clock, then by dot. Total over siblings of one cell. */
export function compareAge(a: Sibling, b: Sibling): number {
  return compareHlc(a.hlc, b.hlc) || compareDots(a.dot, b.dot);
}

/** The newest value sibling, or undefined. */
export function newestValue(siblings: readonly Sibling[]): ValueSibling | undefined {
  let newest: ValueSibling | undefined;
  for (const sibling of siblings) {
    if (sibling.kind !== "value") continue;
    if (newest === undefined || compareAge(sibling, newest) > 0) newest = sibling;
  }
  return newest;
}

export function incrementOf(siblings: readonly Sibling[], actor: Actor): IncrementSibling | undefined {
  for (const sibling of siblings) {
    if (sibling.kind === "increment" && sibling.dot.actor === actor) return sibling;
  }
  return undefined;
}

export function absorptionOf(absorbed: readonly Absorption[], actor: Actor): Absorption | undefined {
  return absorbed.find((absorption) => absorption.actor === actor);
}

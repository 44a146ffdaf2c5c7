/**
 * The writes: each takes the cell a coordinator has and returns the one it stores and replicates.
 *
 *   overwrite        SET, and every command that writes what it has read     kills all it has seen
 *   putWithContext   KV.PUT      kills what the client had seen
 *   remove           DEL; removeWithContext: KV.DEL
 *   increment        INCR        kills nothing; joins the actor's own run
 *   changeExpiry     EXPIRE, PERSIST    kills the values it has seen, one of which it writes again
 *
 * Requires, of all: dots are new, and the actor's own cell knows all that the actor ever wrote to the row, unless
 * it was dropped altogether. Each throws StoreError CORRUPTION if the cell has seen the dot already.
 */
import { assert } from "../base/assert.ts";
import { StoreError } from "../base/errors.ts";
import type { Actor } from "./actor.ts";
import {
  type Absorption,
  type Cell,
  type ClientContext,
  EMPTY_CELL,
  INT64_MAX,
  INT64_MIN,
  type IncrementSibling,
  incrementOf,
  NEVER,
  newestValue,
  type SeenContext,
  type Sibling,
  type ValueSibling,
} from "./cell.ts";
import { merge } from "./cell-merge.ts";
import { absorbAll, governingSibling } from "./cell-value.ts";
import { compareDots, type Dot, equalDots, isCounter } from "./dot.ts";
import { HLC_ZERO, type Hlc } from "./hybrid-clock.ts";
import { covers, withDot } from "./version-vector.ts";

/** The name and time of one write. */
export interface Stamp {
  readonly dot: Dot;
  readonly hlc: Hlc;
}

/** All that the cell has seen, as CONTEXT for a later putWithContext or removeWithContext. */
export function seenContext(cell: Cell | undefined): SeenContext {
  return remove(cell ?? EMPTY_CELL);
}

/** Deletes what the cell holds. Writes concurrent to it survive. */
export function remove(cell: Cell): Cell {
  return { context: cell.context, siblings: [], absorbed: absorbAll(cell) };
}

/** Deletes what whoever holds `seen` had seen: no less, no more. */
export function removeWithContext(cell: Cell | undefined, seen: ClientContext): Cell {
  const { context, absorbed, dots = [] } = seen;
  const present = cell ?? EMPTY_CELL;
  const isNamed = ({ dot }: Sibling): boolean => dots.some((named) => equalDots(named, dot));
  const rest = { ...present, siblings: present.siblings.filter((sibling) => !isNamed(sibling)) };
  return merge(rest, { context, siblings: [], absorbed });
}

/** Replaces all that the cell holds by one value. */
export function overwrite(cell: Cell | undefined, sibling: ValueSibling): Cell {
  return add(remove(cell ?? EMPTY_CELL), sibling);
}

/**
 * Replaces what whoever holds `seen` had seen by one value; the rest stays, as its siblings.
 * Throws StoreError INVALID_REQUEST if `seen` claims the dot that is only now being written.
 */
export function putWithContext(cell: Cell | undefined, seen: ClientContext, sibling: ValueSibling): Cell {
  if (covers(seen.context, sibling.dot)) {
    throw new StoreError("INVALID_REQUEST", "not-applied", "the context is of writes yet to come");
  }
  return add(removeWithContext(cell, seen), sibling);
}

/**
 * What somebody has seen who had seen `seen` and has written the value `own`, which made `stored`. The context
 * takes the new dot in unless that would cover a value that he has not seen; then the dot stands alone.
 */
export function seenWithOwn(seen: ClientContext, own: Dot, stored: Cell): ClientContext {
  const others = stored.siblings.filter(({ dot }) => !equalDots(dot, own));
  if (others.length === 0) return seenContext(stored);
  const context = withDot(seen.context, own);
  const coversUnseen = others.some(({ dot }) => covers(context, dot));
  // What `stored` covers and does not hold is gone for good, and need not be named again.
  const pending = (seen.dots ?? []).filter((dot) => !covers(stored.context, dot));
  if (!coversUnseen) return { context, absorbed: seen.absorbed, dots: pending };
  return { context: seen.context, absorbed: seen.absorbed, dots: [...pending, own] };
}

/**
 * Adds `delta` to whatever the row's value is now or turns out to have been. Keeps the expiry of the value; where there is
 * none, what this begins expires at `freshMs`.
 * Requires: `cell` is liveAt(now), or an expired value would go on counting.
 * Throws StoreError INVALID_REQUEST if the actor's run would leave 64 bits.
 */
export function increment(cell: Cell | undefined, dot: Dot, delta: bigint, freshMs = NEVER): Cell {
  const present = cell ?? EMPTY_CELL;
  const governing = governingSibling(present.siblings);
  return incrementUntil(present, {
    stamp: { dot, hlc: governing?.hlc ?? HLC_ZERO },
    delta,
    expiresAtMs: governing?.expiresAtMs ?? freshMs,
  });
}

/**
 * Gives the row another expiry, or none (NEVER). Concurrent increments still count once each; a concurrent
 * SET that is newer than the value wins over it as if this had not been.
 * Requires: `cell` is liveAt(now) and not empty.
 */
export function changeExpiry(cell: Cell, stamp: Stamp, expiresAtMs: number): Cell {
  assert(cell.siblings.length > 0, "nothing there to expire");
  const value = newestValue(cell.siblings);
  if (value === undefined) return incrementUntil(cell, { stamp, delta: 0n, expiresAtMs });
  const increments = cell.siblings.filter((sibling) => sibling.kind === "increment");
  return add({ ...cell, siblings: increments }, { ...value, dot: stamp.dot, expiresAtMs });
}

interface Increment {
  readonly stamp: Stamp;
  readonly delta: bigint;
  readonly expiresAtMs: number;
}

function incrementUntil(cell: Cell, { stamp, delta, expiresAtMs }: Increment): Cell {
  const { dot, hlc } = stamp;
  const run = incrementOf(cell.siblings, dot.actor);
  const total = (run?.total ?? 0n) + delta;
  if (total < INT64_MIN || total > INT64_MAX) {
    throw new StoreError("INVALID_REQUEST", "not-applied", "increment or decrement would overflow");
  }
  const first = run?.first ?? dot.counter;
  const sibling: IncrementSibling = { kind: "increment", dot, hlc, expiresAtMs, first, total };
  return add({ ...cell, siblings: cell.siblings.filter((own) => own !== run) }, sibling);
}

function add(cell: Cell, sibling: Sibling): Cell {
  const { dot } = sibling;
  assert(isCounter(dot.counter), "a counter is a whole number from 1 to 2^48 - 1");
  if (covers(cell.context, dot)) {
    // A restored data directory that kept its actor, or a forged context: to go on would lose this write.
    throw new StoreError("CORRUPTION", "not-applied", "the row claims to have seen a write yet to be made");
  }
  const siblings = [...cell.siblings, sibling].sort((a, b) => compareDots(a.dot, b.dot));
  return {
    context: withDot(cell.context, dot),
    siblings,
    absorbed: forget(cell.absorbed, siblings, dot.actor),
  };
}

/**
 * Drops what was absorbed of a run of `actor` that has ended. Only the actor can know: every increment of
 * that run is covered by the dot it is writing now, and none can follow.
 */
function forget(
  absorbed: readonly Absorption[],
  siblings: readonly Sibling[],
  actor: Actor,
): readonly Absorption[] {
  const run = incrementOf(siblings, actor)?.first;
  return absorbed.filter((absorption) => absorption.actor !== actor || absorption.first === run);
}

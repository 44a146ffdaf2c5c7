/**
 * Steps: the pure functions that a replica runs on its keys. What a step sees of a key, and what it may want
 * done to it. Commands are steps with arguments.
 */
import { type Cell, type ClientContext, NEVER } from "../causality/cell.ts";
import { resolve } from "../causality/cell-value.ts";
import type { Stamp } from "../causality/cell-write.ts";

export interface KeyRef {
  readonly database: number;
  readonly key: Uint8Array;
}

/** What a step sees of one key. The bytes are the engine's: copy what is to outlive the step. */
export interface KeyView {
  /** The newest value with every increment counted, or undefined if the key is absent, deleted or expired. */
  readonly value: Uint8Array | undefined;
  /** Wall time at which it expires; 0 if never. */
  readonly expiresAtMs: number;
  /** True only if every running sum of increments stays within 64 bits when a safe integer is added. */
  readonly hasSmallSums?: boolean;
  /** All that is known of the key: siblings and context. Decoded only when it is asked for. */
  readonly cell: Cell | undefined;
}

/** What a step wants done to its key. Without a context, a change covers all that the step saw. */
export type Change =
  | {
      readonly kind: "put";
      readonly value: Uint8Array;
      readonly expiresAtMs: number;
      readonly context?: ClientContext;
      /** Given elsewhere: made again under the same stamp, the change is the same write. Not with a context. */
      readonly stamp?: Stamp;
    }
  /** Replaces a part of the value, from byte `at` on; zeros lie between its end and that. The expiry stays. */
  | { readonly kind: "patch"; readonly value: Uint8Array; readonly at: number }
  | { readonly kind: "delete"; readonly context?: ClientContext }
  | { readonly kind: "expire"; readonly expiresAtMs: number }
  /** `expiresAtMs`: of what it begins, if nothing is there. */
  | { readonly kind: "increment"; readonly by: bigint; readonly expiresAtMs?: number };

export interface Effect<R> {
  /** May be bytes of the view, or an array that has some. */
  readonly reply: R;
  readonly change?: Change | undefined;
  /** Makes the reply in place of `reply`, where it tells of the cell that the change has made. */
  readonly replyAfter?: (stored: Cell) => R;
}

export interface ManyEffect<R> {
  readonly reply: R;
  /** `changes[i]` belongs to the i-th key, which keeps its cell where there is none. */
  readonly changes: readonly (Change | undefined)[];
}

/**
 * Called before a step is run later, if it can not be run at once: what it and its keys borrow must be made to last.
 * Returns the keys anew.
 */
export type Keep = () => readonly KeyRef[];

/** A request in place: argument i is `bytes[starts[i], ends[i])`. */
export interface RequestInPlace {
  readonly bytes: Uint8Array;
  /** The same bytes. */
  readonly words?: DataView;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export interface ReadOptions {
  readonly wallMs: number;
  /** False if the read is not to count as a use of the key. */
  readonly touch: boolean;
}

export function viewOf(cell: Cell | undefined, wallMs: number): KeyView {
  const newest = cell === undefined ? undefined : resolve(cell, wallMs);
  if (newest === undefined) return { value: undefined, expiresAtMs: NEVER, cell };
  return { value: newest.payload, expiresAtMs: newest.expiresAtMs, cell };
}

/** A reply that does not change with the keys: what may be bytes of their views is copied. */
export function ownReply<R>(reply: R): R {
  if (reply instanceof Uint8Array) return reply.slice() as R;
  return Array.isArray(reply) ? (reply.map(ownReply) as R) : reply;
}

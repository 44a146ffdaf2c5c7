/**
 * Hybrid logical clock: close to the wall clock, yet later than every stamp it has given or seen. It orders
 * nothing but what a plain GET shows of concurrent writes.
 * Source: Kulkarni et al. 2014, "Logical Physical Clocks", section 3.
 *
 * Invariant: (wallMs, logical) grows with every tick, even if the wall clock goes back.
 * Hot: `tick` runs once per write and allocates nothing; watched by `bench -- redis`.
 */
import { StoreError } from "../base/errors.ts";

export interface Hlc {
  /** Whole milliseconds since the Unix epoch, below 2^48. */
  readonly wallMs: number;
  /** 0..LOGICAL_MAX. */
  readonly logical: number;
}

export const LOGICAL_MAX = 0xffff;
export const WALL_MS_MAX = 2 ** 48 - 1;
export const MAX_AHEAD_MS = 500;

/** Earlier than every stamp of a clock. */
export const HLC_ZERO: Hlc = { wallMs: 0, logical: 0 };

export function compareHlc(a: Hlc, b: Hlc): number {
  return a.wallMs - b.wallMs || a.logical - b.logical;
}

export class HybridClock implements Hlc {
  /** The latest stamp, in two fields: read them after `tick`. */
  wallMs = 0;
  logical = 0;
  readonly #maxAheadMs: number;

  constructor({ maxAheadMs = MAX_AHEAD_MS }: { readonly maxAheadMs?: number } = {}) {
    this.#maxAheadMs = maxAheadMs;
  }

  /** Moves to a new stamp, later than all before, given what the wall clock shows. */
  tick(physicalMs: number): void {
    if (physicalMs > this.wallMs) {
      this.wallMs = physicalMs;
      this.logical = 0;
    } else if (this.logical < LOGICAL_MAX) {
      this.logical++;
    } else {
      this.wallMs++;
      this.logical = 0;
    }
  }

  /**
   * Makes every later stamp later than `remote`. Throws StoreError CLOCK_SKEW if it is too far ahead of the
   * wall clock: one node with a wrong clock must not drag the others along.
   */
  observe(remote: Hlc, physicalMs: number): void {
    const aheadMs = remote.wallMs - physicalMs;
    if (aheadMs > this.#maxAheadMs) {
      const text = `timestamp ${aheadMs} ms ahead of this node's clock, more than ${this.#maxAheadMs} ms`;
      throw new StoreError("CLOCK_SKEW", "not-applied", text);
    }
    if (compareHlc(remote, this) <= 0) return;
    this.wallMs = remote.wallMs;
    this.logical = remote.logical;
  }
}

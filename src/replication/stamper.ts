/**
 * Names and times the writes of one node: the next dot of its actor, the next tick of its hybrid clock.
 *
 * Invariant: no dot is given twice, which is the dot source's promise; and every stamp is later than those
 * before, also than those of an earlier life whose newest time is told.
 *
 * A node that keeps no copy of a key stamps plain overwrites of it too, which replicas then make under that stamp, however
 * often they are asked: ADR 0011. It has another actor for them, its relay actor, so that what its own actor knows of a row
 * stays what its own cell knows. One relay's overwrites of a row replace each other in the order of their stamps.
 */
import { type Actor, readActor } from "../causality/actor.ts";
import { NEVER } from "../causality/cell.ts";
import type { Stamp } from "../causality/cell-write.ts";
import type { CompactStamp } from "../causality/compact-cell.ts";
import { type Hlc, HybridClock, LOGICAL_MAX } from "../causality/hybrid-clock.ts";
import type { Random } from "../runtime/runtime.ts";

/** An actor, and numbers that it has never had. */
export interface DotSource {
  /** 8 bytes, big-endian. */
  readonly actor: Uint8Array;
  /** Hot. May throw StoreError. */
  nextCounter(): number;
  /** No higher one was ever given, in any life of this actor. */
  readonly lastCounter: number;
}

/** A new actor, which lasts as long as this object: for data that does not outlive it either. */
export class NewLife implements DotSource {
  readonly actor: Uint8Array;
  #counter = 0;

  constructor(random: Pick<Random, "bytes">) {
    this.actor = random.bytes(8);
  }

  get lastCounter(): number {
    return this.#counter;
  }

  nextCounter(): number {
    return ++this.#counter;
  }
}

/** Of a node's relay actor: its own, with this bit turned. */
const RELAY_BIT = 2n ** 63n;

export class Stamper {
  readonly actor: Actor;
  /** Of plain overwrites that replicas make for this node. */
  readonly relayActor: Actor;
  readonly #dots: DotSource;
  readonly #clock = new HybridClock();
  readonly #compact: CompactStamp;
  /** Cells that came with a time too far ahead of this node's clock: one of the clocks is wrong. */
  aheadCount = 0;

  /** `newestWallMs` is the wall part of the newest time that data of this node has; 0 if it has none. */
  constructor(dots: DotSource, newestWallMs = 0) {
    this.#dots = dots;
    this.actor = readActor(dots.actor, 0);
    this.relayActor = this.actor ^ RELAY_BIT;
    this.#clock.wallMs = newestWallMs;
    this.#clock.logical = newestWallMs === 0 ? 0 : LOGICAL_MAX;
    this.#compact = {
      actorBytes: dots.actor.slice(),
      counter: 0,
      wallMs: 0,
      logical: 0,
      expiresAtMs: NEVER,
    };
  }

  /** The actor, as cells have it. */
  get actorBytes(): Uint8Array {
    return this.#compact.actorBytes;
  }

  /** Of the dot that the next write gets, unless the dot source passes some over. */
  get nextCounter(): number {
    return this.#compact.counter + 1;
  }

  /** The highest counter that this node's dots may have. */
  get lastCounter(): number {
    return this.#dots.lastCounter;
  }

  stamp(wallMs: number): Stamp {
    const { counter, logical, wallMs: hlcWallMs } = this.compactStamp(wallMs, NEVER);
    return { dot: { actor: this.actor, counter }, hlc: { wallMs: hlcWallMs, logical } };
  }

  /** The first of so many stamps of the relay actor, one after the other, of one time: `nthStamp` gives the rest. */
  relayStamp(count: number, wallMs: number): Stamp {
    const { dot, hlc } = this.stamp(wallMs);
    const first = { dot: { actor: this.relayActor, counter: dot.counter }, hlc };
    while (this.#compact.counter < dot.counter + count - 1) this.#compact.counter = this.#dots.nextCounter();
    return first;
  }

  /**
   * Makes every later stamp later than a time that a cell of another node shows, unless that is too far ahead: the cell is
   * what it is, and must be taken; only its time is passed over, and counted. Hot.
   */
  follow(time: Hlc, wallMs: number): void {
    if (!this.#clock.follow(time, wallMs)) this.aheadCount++;
  }

  /** As `follow`, of a stamp that can be done without: throws StoreError CLOCK_SKEW if it is too far ahead. */
  observe(time: Hlc, wallMs: number): void {
    this.#clock.observe(time, wallMs);
  }

  /** Hot: the same as `stamp`, in an object that the next call of either reuses. */
  compactStamp(wallMs: number, expiresAtMs: number): CompactStamp {
    const clock = this.#clock;
    const compact = this.#compact;
    compact.counter = this.#dots.nextCounter();
    clock.tick(wallMs);
    compact.wallMs = clock.wallMs;
    compact.logical = clock.logical;
    compact.expiresAtMs = expiresAtMs;
    return compact;
  }
}

/** The stamp `index` places after the first one that `relayStamp` has given. */
export function nthStamp({ dot, hlc }: Stamp, index: number): Stamp {
  return index === 0 ? { dot, hlc } : { dot: { actor: dot.actor, counter: dot.counter + index }, hlc };
}

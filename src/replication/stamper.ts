/**
 * Names and times the writes of one node: the next dot of its actor, the next tick of its hybrid clock.
 *
 * Invariant: no dot is given twice. The actor is new with every stamper, so counters begin at 1.
 */
import { type Actor, actorBytes, readActor } from "../causality/actor.ts";
import { NEVER } from "../causality/cell.ts";
import type { Stamp } from "../causality/cell-write.ts";
import type { CompactStamp } from "../causality/compact-cell.ts";
import { HybridClock } from "../causality/hybrid-clock.ts";
import type { Random } from "../runtime/runtime.ts";

export class Stamper {
  readonly actor: Actor;
  readonly #clock = new HybridClock();
  readonly #compact: CompactStamp;

  constructor(random: Pick<Random, "bytes">) {
    this.actor = readActor(random.bytes(8), 0);
    this.#compact = {
      actorBytes: actorBytes(this.actor),
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

  /** Of the dot that the next write gets. */
  get nextCounter(): number {
    return this.#compact.counter + 1;
  }

  stamp(wallMs: number): Stamp {
    const { counter, logical, wallMs: hlcWallMs } = this.compactStamp(wallMs, NEVER);
    return { dot: { actor: this.actor, counter }, hlc: { wallMs: hlcWallMs, logical } };
  }

  /** Hot: the same as `stamp`, in an object that the next call of either reuses. */
  compactStamp(wallMs: number, expiresAtMs: number): CompactStamp {
    const clock = this.#clock;
    clock.tick(wallMs);
    const compact = this.#compact;
    compact.counter++;
    compact.wallMs = clock.wallMs;
    compact.logical = clock.logical;
    compact.expiresAtMs = expiresAtMs;
    return compact;
  }
}

/**
 * Time for what a member does by itself: everything looks around now and then, and what requests or hints wait for is quick
 * while they do. An idle member sleeps most of the time.
 */
import { StallWatch } from "../../base/stall-watch.ts";
import { DemandTick } from "../../runtime/demand-tick.ts";
import type { Cancel, Clock } from "../../runtime/runtime.ts";

const LOOK_MS = 40;
const QUICK_MS = 10;

export interface Ticking {
  onTick(nowMs: number): void;
}

export interface ClusterTicksParts {
  readonly clock: Pick<Clock, "every" | "monotonicMs">;
  /** Told also of ticks that come late: it sees for itself. */
  readonly liveness: Ticking;
  readonly coordinator: Ticking & { readonly roundCount: number };
  readonly delivery: Ticking & { readonly isIdle: boolean };
  /** Those for whom a few times a second is enough. */
  readonly others: readonly Ticking[];
}

export class ClusterTicks {
  readonly #parts: ClusterTicksParts;
  readonly #cancelLook: Cancel;
  readonly #quick: DemandTick;
  readonly #lookStalls = new StallWatch();
  readonly #quickStalls = new StallWatch();

  constructor(parts: ClusterTicksParts) {
    const { clock } = parts;
    this.#parts = parts;
    this.#quick = new DemandTick(clock, QUICK_MS, () => this.#hurry(clock.monotonicMs()));
    this.#cancelLook = clock.every(LOOK_MS, () => this.#look(clock.monotonicMs()));
  }

  /** Somebody waits for replicas from now on. */
  rouse(): void {
    this.#quick.rouse();
  }

  close(): void {
    this.#cancelLook();
    this.#quick.close();
  }

  #look(nowMs: number): void {
    const { liveness, coordinator, delivery, others } = this.#parts;
    liveness.onTick(nowMs);
    if (this.#lookStalls.onTick(nowMs)) return;
    coordinator.onTick(nowMs);
    for (const other of others) other.onTick(nowMs);
    if (delivery.isIdle) delivery.onTick(nowMs);
    else this.rouse();
  }

  /** True if it is to come again. */
  #hurry(nowMs: number): boolean {
    const { coordinator, delivery } = this.#parts;
    if (this.#quickStalls.onTick(nowMs)) return true;
    coordinator.onTick(nowMs);
    delivery.onTick(nowMs);
    if (coordinator.roundCount > 0 || !delivery.isIdle) return true;
    this.#quickStalls.reset();
    return false;
  }
}

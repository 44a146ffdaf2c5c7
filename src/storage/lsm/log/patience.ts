/** Runs out when what is waited for does not come: once each time, however long it takes after that. */
import type { Cancel, Clock } from "../../../runtime/runtime.ts";

/** It runs out late by no more than one part in so many. */
const LOOKS = 4;

export class Patience {
  readonly #clock: Pick<Clock, "monotonicMs" | "every">;
  readonly #limitMs: number;
  readonly #onEnd: (waitedMs: number) => void;
  #sinceMs = 0;
  #cancel: Cancel | undefined;

  /** With a limit of 0 it never runs out. */
  constructor(
    clock: Pick<Clock, "monotonicMs" | "every">,
    limitMs: number,
    onEnd: (waitedMs: number) => void,
  ) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onEnd = onEnd;
  }

  /** Something is waited for from now on. */
  begin(): void {
    this.#sinceMs = this.#clock.monotonicMs();
    if (this.#limitMs > 0) this.#cancel ??= this.#clock.every(this.#limitMs / LOOKS, () => this.#look());
  }

  /** As `begin`, unless something is waited for already. */
  goOn(): void {
    if (this.#cancel === undefined) this.begin();
  }

  /** Nothing is waited for. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    const waitedMs = this.#clock.monotonicMs() - this.#sinceMs;
    if (waitedMs < this.#limitMs) return;
    this.end();
    this.#onEnd(waitedMs);
  }
}
